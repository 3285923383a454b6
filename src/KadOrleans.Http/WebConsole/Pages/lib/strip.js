// A row of links that is wider than a narrow window shows on which side it goes on.

/** Marks an element that scrolls sideways with `before` and `after` while there is more on that side. */
export function strip(element) {
  const mark = () => {
    element.classList.toggle('before', element.scrollLeft > 1);
    element.classList.toggle('after', element.scrollLeft + element.clientWidth < element.scrollWidth - 1);
  };
  element.addEventListener('scroll', mark, { passive: true });
  new ResizeObserver(mark).observe(element);
  return element;
}
