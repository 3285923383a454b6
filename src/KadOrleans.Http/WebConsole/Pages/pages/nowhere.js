import { el, put } from '../lib/dom.js';

export function show(view) {
  put(view, el('p', {}, 'The console has no page of this address. ', el('a', { href: '#/' }, 'Go to the overview'), ', or to a page of the list.'));
}
