import { el, put, shown, load, table } from '../lib/dom.js';
import { number, time } from '../lib/format.js';
import { read } from '../lib/api.js';

export function show(view) {
  const body = el('section', {});
  put(view, el('p', { class: 'lead' }, 'The last changes that were made over HTTP or in this console, newest first. The log has all of them.'),
    el('div', { class: 'buttons' }, el('button', { type: 'button', onclick: () => open() }, 'Read again')), body);
  const open = () => load(body, async () => {
    const { entries } = await read('audit', { count: 200 });
    return table('Changes', ['When', 'Who', 'What', 'Target', 'Result'], runs(entries).map(({ last, first, count }) => [
      [time(last.time), count > 1 && el('div', {}, el('small', {}, 'since ', time(first.time)))],
      shown(last.who), [shown(last.action), count > 1 && el('div', {}, el('small', {}, `${number(count)} times`))], shown(last.target, { class: 'target' }),
      el('span', { class: `mark ${last.succeeded ? 'good' : 'bad'}` }, last.succeeded || last.result.startsWith('refused: ') ? '' : 'failed: ', shown(last.result))]), 'No change was made yet.');
  });
  open();
}

// What was done several times one after the other is one row: an import is hundreds of equal batches.
function runs(entries) {
  const found = [];
  for (const entry of entries) {
    const run = found.at(-1);
    if (run && ['who', 'action', 'target', 'result', 'succeeded'].every(part => run.first[part] === entry[part])) {
      run.first = entry;
      run.count++;
    } else {
      found.push({ last: entry, first: entry, count: 1 });
    }
  }
  return found;
}
