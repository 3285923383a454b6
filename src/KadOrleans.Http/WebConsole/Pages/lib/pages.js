// Lists that are read a page at a time.

import { el, put, notice } from './dom.js';
import { read } from './api.js';

const COUNT = 100;

// A page may be empty although more follow; a click reads some of those.
const MOST_EMPTY = 16;

/**
 * Reads the first page, and a further one at each click.
 * @param path of the management API.
 * @param parameters beside after and count.
 * @param choose the entries of a page.
 * @param draw what all entries so far look like, and whether they are all.
 */
export async function pages(path, parameters, choose, draw) {
  const [rows, more] = [el('div', {}), el('div', { class: 'buttons' })];
  const all = [];
  const next = async after => {
    let page;
    const before = all.length;
    for (let empty = 0; empty < MOST_EMPTY && all.length === before && (empty === 0 || after); empty++) {
      page = await read(path, { ...parameters, after, count: COUNT });
      all.push(...choose(page));
      after = page.next;
    }
    put(rows, draw(all, !after));
    put(more, after && el('button', {
      type: 'button', onclick: async event => {
        event.target.disabled = true;
        await next(after).catch(failure => put(more, notice(failure.message)));
      },
    }, 'More'));
  };
  await next();
  return [rows, more];
}
