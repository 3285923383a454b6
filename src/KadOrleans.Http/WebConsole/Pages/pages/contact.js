import { el, put, shown, table, load, confirm, report } from '../lib/dom.js';
import { ago, number, plural, time } from '../lib/format.js';
import { read, remove } from '../lib/api.js';

export function show(view, { session, rest }) {
  const contact = rest[0] ?? '';
  const [done, body] = [el('div', { 'aria-live': 'polite' }), el('section', {})];
  put(view, el('p', {}, el('a', { href: '#/table' }, '← Routing table')), el('p', {}, el('code', { class: 'whole' }, contact)), done, body);
  const path = `contacts/${encodeURIComponent(contact)}`;
  const open = () => load(body, async () => {
    const { contacts } = await read(path);
    return [
      table('In the tables', ['Table of', 'Address', 'Place', 'Since', 'Last answer', { text: 'Failures', class: 'number' }], contacts.map(known => [
        el('a', { href: `#/table/${known.table}` }, el('code', {}, `${known.table.slice(0, 16)}…`)), shown(known.endpoint, { class: 'address' }),
        known.isReplacement ? 'in the replacement cache' : known.isFormer ? 'lost: it did not answer' : 'in its bucket', time(known.firstSeen), ago(known.lastSeen), number(known.failures)]),
      'No table has this contact now.'),
      session.canManage && el('div', { class: 'buttons' },
        contacts.length > 0 && el('button', { type: 'button', class: 'danger', onclick: drop }, 'Drop…'),
        el('a', { class: 'button', href: `#/bans/${contact}` }, 'Ban…')),
    ];
  });
  const drop = async () => {
    if (!await confirm('Drop this contact?', 'It leaves all routing tables, and comes back when it is heard of again. A ban keeps it away.', 'Drop')) return;
    await report(done, async () => `It left ${plural((await remove(path)).tables, 'table')}.`);
    open();
  };
  open();
}
