import { el, put, shown, id, load, field, select } from '../lib/dom.js';
import { ago, plural } from '../lib/format.js';
import { bar } from '../lib/charts.js';
import { read } from '../lib/api.js';
import { work } from '../lib/work.js';
import { watch } from '../lib/live.js';

export function show(view, { session, rest, onLeave }) {
  const choice = el('div', {});
  const body = el('section', {});
  put(view, el('p', { class: 'lead' }, 'A bucket has the contacts of one range of ids. The deeper it is, the nearer they are to the node.'),
    session.canManage && work(['refresh', 'Refresh all buckets', 'table'], ['walk', 'Random walk', 'table']), choice, body);
  const open = wanted => load(body, async () => draw(await read('table', { id: wanted })));
  let known = '';
  let isOpen = false;
  onLeave(watch(overview => {
    const ids = overview?.nodes.flatMap(node => node.ids) ?? [];
    if (!overview || ids.join() === known) return;
    known = ids.join();
    const names = overview.nodes.flatMap(node => node.ids.map(text => [text, `${node.name ? `${node.name}: ` : ''}${text.slice(0, 12)}…`]));
    if (ids.length > 1) {
      const list = select('node', names, rest[0] ?? ids[0]);
      list.addEventListener('change', () => open(list.value));
      put(choice, field('Node id', list));
    }
    if (!isOpen) {
      isOpen = true;
      open(rest[0] ?? ids[0]);
    }
  }));
}

function draw(table) {
  const contacts = table.buckets.reduce((sum, bucket) => sum + bucket.contacts.length, 0);
  const most = Math.max(1, ...table.buckets.map(bucket => bucket.contacts.length));
  return [
    el('p', {}, 'The table of ', el('code', { class: 'whole' }, table.id), ` has ${plural(contacts, 'contact')} in ${plural(table.buckets.length, 'bucket')}.`),
    el('div', { class: 'buckets' }, table.buckets.map(bucket => el('details', {},
      el('summary', {},
        el('span', { class: 'range' }, el('code', {}, prefixOf(bucket)), el('small', {}, `depth ${bucket.depth}`)),
        bar(bucket.contacts.length, most, `${bucket.contacts.length} of at most ${most} contacts`),
        el('span', { class: 'count' }, plural(bucket.contacts.length, 'contact'), bucket.replacements > 0 && ` + ${plural(bucket.replacements, 'replacement')}`),
        el('small', {}, `last lookup ${ago(bucket.lastLookup)}`)),
      bucket.contacts.length === 0
        ? el('p', { class: 'empty' }, 'No contact.')
        : el('ul', { class: 'contact-list' }, bucket.contacts.map(contact => el('li', {}, el('a', { href: `#/contact/${contact.id}` }, id(contact.id, 16)), shown(contact.endpoint, { class: 'address' }))))))),
    table.former.length > 0 && el('details', {},
      el('summary', {}, el('span', { class: 'range' }, 'lost'), el('span', { class: 'count' }, plural(table.former.length, 'former contact')),
        el('small', {}, 'they did not answer, and are asked again at times')),
      el('ul', { class: 'contact-list' }, table.former.map(contact => el('li', {}, el('a', { href: `#/contact/${contact.id}` }, id(contact.id, 16)),
        shown(contact.endpoint, { class: 'address' }), el('small', {}, `last answer ${ago(contact.lastSeen)}`))))),
  ];
}

// The bits that the ids of a bucket share; beyond 20 in hexadecimal digits.
function prefixOf(bucket) {
  if (bucket.depth === 0) return 'all ids';
  const digits = bucket.prefix.slice(0, Math.ceil(bucket.depth / 4));
  const bits = [...digits].map(digit => parseInt(digit, 16).toString(2).padStart(4, '0')).join('').slice(0, bucket.depth);
  return bits.length > 20 ? `${digits}…` : `${bits}…`;
}
