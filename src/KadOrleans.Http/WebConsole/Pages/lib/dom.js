// Builds elements. Text is always set as text: there is no way here to parse markup.

const SVG = 'http://www.w3.org/2000/svg';

// Controls, format characters (bidirectional ones among them), separators, lone surrogates, private and unassigned ones, and letters
// without a visible form: the same as VisibleText on the server.
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/** An element with properties, attributes, listeners (on…) and children; texts become text nodes. */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for drawings. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null && child !== false) element.append(child);
  }
}

/** Replaces what an element contains. */
export function put(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

/** What a stranger sent, as text of one direction. Characters that nobody sees are shown as signs. */
export function shown(text, attributes = {}) {
  const whole = String(text);
  const parts = [];
  let at = 0;
  for (const match of whole.matchAll(INVISIBLE)) {
    parts.push(whole.slice(at, match.index), sign(match[0]));
    at = match.index + match[0].length;
  }
  parts.push(whole.slice(at));
  return el('bdi', { dir: 'ltr', ...attributes, class: `shown ${attributes.class ?? ''}`.trim() }, parts.filter(part => part !== ''));
}

function sign(character) {
  return el('span', { class: 'sign' }, `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`);
}

/** An id: its first digits, the whole of it on hover, for screen readers, and when it is copied. */
export function id(text, digits = 10) {
  return text.length <= digits
    ? el('code', {}, text)
    : el('code', { class: 'id', title: text }, text.slice(0, digits), el('span', { class: 'rest' }, text.slice(digits)));
}

let ids = 0;

/** A labelled input or select. */
export function field(label, input, hint) {
  input.id ||= `field-${++ids}`;
  return el('div', { class: 'field' }, el('label', { for: input.id }, label), input, hint && el('small', {}, hint));
}

/** A select with options: [value, text]. */
export function select(name, options, value) {
  return el('select', { name }, options.map(([key, text]) => el('option', { value: key, selected: key === value }, text)));
}

/**
 * A table which scrolls sideways within itself, and whose rows are lists of label and value in a narrow window. The roles are those of the
 * elements, which lose them there.
 */
export function table(caption, heads, rows, empty = 'Nothing.') {
  if (rows.length === 0) return el('p', { class: 'empty' }, empty);
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    el('table', { role: 'table' },
      el('caption', { class: 'hidden' }, caption),
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, heads.map(head => head === ''
        ? el('td', { role: 'cell' })
        : el('th', { scope: 'col', role: 'columnheader', class: head.class }, head.text ?? head)))),
      el('tbody', { role: 'rowgroup' }, rows.map(cells => el('tr', { role: 'row' }, cells.map((cell, place) =>
        el('td', { role: 'cell', class: heads[place]?.class, 'data-label': heads[place]?.text ?? (heads[place] || null) }, el('div', {}, cell))))))));
}

/** A figure with its title, and a few words on it. */
export const tile = (title, value, { isBad = false, words = null, href = null } = {}) =>
  el('div', { class: `tile${isBad ? ' bad' : ''}` }, el('span', {}, href ? el('a', { href }, title) : title), el('strong', {}, value), words && el('small', {}, words));

/** Asks before a change. Resolves to whether it was confirmed. */
export function confirm(title, sentence, action) {
  return new Promise(resolve => {
    const dialog = el('dialog', { 'aria-labelledby': 'dialog-title' },
      el('h2', { id: 'dialog-title' }, shown(title)),
      el('p', {}, shown(sentence)),
      el('div', { class: 'buttons' },
        el('button', { type: 'button', onclick: () => dialog.close('no'), autofocus: true }, 'Cancel'),
        el('button', { type: 'button', class: 'danger', onclick: () => dialog.close('yes') }, action)));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A sentence about what was done or failed. */
export function notice(sentence, kind = 'error') {
  return el('p', { class: `notice ${kind}`, role: kind === 'error' ? 'alert' : 'status' }, shown(sentence));
}

/** Makes a change and says in the place what it returns, or the sentence of its failure. */
export async function report(place, work) {
  try {
    const sentence = await work();
    put(place, sentence && notice(sentence, 'info'));
  } catch (failure) {
    put(place, notice(failure.message));
  }
}

/** Shows that something is under way, then what it returns, or the sentence of its failure. */
export async function load(place, work) {
  const turn = {};
  turns.set(place, turn);
  const isLast = () => turns.get(place) === turn;
  place.setAttribute('aria-busy', 'true');
  if (!place.hasChildNodes()) put(place, el('p', { class: 'empty' }, 'Loading…'));
  try {
    const found = await work();
    if (isLast()) put(place, found);
  } catch (failure) {
    if (isLast()) put(place, notice(failure.message));
  } finally {
    if (isLast()) place.removeAttribute('aria-busy');
  }
}

// What is loaded last at a place: an answer to an earlier request may come later, and is older.
const turns = new WeakMap();
