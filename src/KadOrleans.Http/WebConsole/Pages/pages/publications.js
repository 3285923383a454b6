import { el, put, table, load } from '../lib/dom.js';
import { bytes, time, plural } from '../lib/format.js';
import { work } from '../lib/work.js';
import { pages } from '../lib/pages.js';
import { keyLink } from '../lib/keylink.js';

export function show(view, { session }) {
  const list = el('section', {});
  put(view, el('p', { class: 'lead' }, 'What was set here is published again each day, with a new life, until it is deleted or unpublished.'),
    session.canManage && work(['republish', 'Republish what is due', 'shard']), list);
  load(list, () => pages('publications', {}, page => page.publications, (all, isWhole) => [
    el('p', {}, `${plural(all.length, 'publication')}${isWhole ? ' in all' : ' so far'}.`),
    table('Publications', ['Key', 'Type', { text: 'Size', class: 'number' }, 'Published last'],
      all.map(one => [keyLink(one), one.type, bytes(one.bytes), time(one.publishedAt)]),
      'Nothing is published from here.')]));
}
