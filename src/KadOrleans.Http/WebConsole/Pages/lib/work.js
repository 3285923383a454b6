// Work that runs at intervals by itself, begun now.

import { el, report } from './dom.js';
import { plural } from './format.js';
import { post } from './api.js';

/** Buttons: [work, title, what takes it]. */
export function work(...kinds) {
  const done = el('div', { 'aria-live': 'polite' });
  return el('div', {}, el('div', { class: 'buttons' }, kinds.map(([kind, title, taker]) => el('button', {
    type: 'button', onclick: async event => {
      event.target.disabled = true;
      await report(done, async () => {
        const { begun } = await post(`work:${kind}`);
        return begun > 0 ? `Begun by ${plural(begun, taker)}.${kind === 'republish' ? ' The page Nodes shows how far it is.' : ''}` : 'It was not begun: too much work is pending.';
      });
      event.target.disabled = false;
    },
  }, title))), done);
}
