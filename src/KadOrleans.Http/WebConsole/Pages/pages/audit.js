import { el, put, shown, load, table } from '../lib/dom.js';
import { time } from '../lib/format.js';
import { read } from '../lib/api.js';

export function show(view) {
  const body = el('section', {});
  put(view, el('p', { class: 'lead' }, 'The last changes that were made over HTTP or in this console, newest first. The log has all of them.'),
    el('div', { class: 'buttons' }, el('button', { type: 'button', onclick: () => open() }, 'Read again')), body);
  const open = () => load(body, async () => {
    const { entries } = await read('audit', { count: 200 });
    return table('Changes', ['When', 'Who', 'What', 'Target', 'Result'], entries.map(entry => [
      time(entry.time), shown(entry.who), shown(entry.action), shown(entry.target, { class: 'target' }),
      el('span', { class: `mark ${entry.succeeded ? 'good' : 'bad'}` }, entry.succeeded ? '' : 'failed: ', shown(entry.result))]), 'No change was made yet.');
  });
  open();
}
