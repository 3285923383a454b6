// Small drawings.

import { el, svg } from './dom.js';
import { rate } from './format.js';

const WIDTH = 320;
const HEIGHT = 88;

/** A line over time, and a second one below it. Both have the same scale, which begins at 0. */
export function lines(title, at, main, other) {
  const top = Math.max(1, ...main, ...(other?.values ?? []));
  const x = place => (main.length < 2 ? WIDTH : (place / (main.length - 1)) * WIDTH);
  const y = value => HEIGHT - 4 - (value / top) * (HEIGHT - 12);
  const path = values => values.map((value, place) => `${place ? 'L' : 'M'}${x(place).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  const last = main.length ? main[main.length - 1] : 0;
  return el('figure', { class: 'chart' },
    el('figcaption', {}, el('span', {}, title), el('strong', {}, main.length ? `${rate(last)}/s` : '–')),
    svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': `${title}: now ${rate(last)} a second, at most ${rate(Math.max(0, ...main))} in the time that is shown` },
      [0.25, 0.5, 0.75, 1].map(part => svg('line', { class: 'rule', x1: 0, x2: WIDTH, y1: y(top * part), y2: y(top * part) })),
      main.length > 1 && svg('path', { class: 'area', d: `${path(main)}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` }),
      main.length > 1 && svg('path', { class: 'line', d: path(main) }),
      main.length > 1 && other?.values.some(value => value > 0) && svg('path', { class: 'line bad', d: path(other.values) })),
    el('div', { class: 'axis' },
      el('span', {}, at.length ? new Date(at[0]).toLocaleTimeString('sv') : 'waiting for a second sample'),
      el('span', {}, at.length ? `up to ${rate(top)}/s${other ? `, red: ${other.title}` : ''}` : ''),
      el('span', {}, at.length ? new Date(at[at.length - 1]).toLocaleTimeString('sv') : '')));
}

/** A part of a whole as a bar. */
export function bar(part, whole, label) {
  const width = whole > 0 ? Math.min(100, (part / whole) * 100) : 0;
  return svg('svg', { class: 'bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    svg('rect', { class: 'whole', width: 100, height: 8 }),
    svg('rect', { class: 'part', width, height: 8 }));
}

/** Columns for a few values. */
export function steps(title, values) {
  const top = Math.max(1, ...values.map(one => one.value));
  const width = WIDTH / values.length;
  return el('figure', { class: 'chart' },
    el('figcaption', {}, el('span', {}, title), el('strong', {}, String(values.at(-1).value))),
    svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}: ${values.map(one => one.value).join(', ')}` },
      values.map((one, place) => svg('rect', { class: 'column', x: place * width + width * 0.1, width: width * 0.8, y: HEIGHT - (one.value / top) * (HEIGHT - 6), height: (one.value / top) * (HEIGHT - 6) },
        svg('title', {}, `${one.label}: ${one.value}`)))),
    el('div', { class: 'axis' }, el('span', {}, values[0].label), el('span', {}, values.at(-1).label)));
}
