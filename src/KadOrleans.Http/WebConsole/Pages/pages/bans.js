import { el, put, shown, table, load, field, confirm, report } from '../lib/dom.js';
import { time } from '../lib/format.js';
import { read, set, remove } from '../lib/api.js';

export function show(view, { session, rest }) {
  const list = el('section', {});
  const done = el('div', { 'aria-live': 'polite' });
  const open = () => load(list, async () => {
    const { bans, missing } = await read('bans');
    return [
      missing.length > 0 && el('div', { class: 'notice error' }, 'These edges do not follow all bans yet: ', missing.map((name, place) => [place > 0 && ', ', shown(name)]),
        '. They will when they reach the cluster again.'),
      table('Bans', ['Id, owner or range', 'Since', ...(session.canManage ? [''] : [])], bans.map(ban => [
        shown(ban.ban, { class: 'target' }), time(ban.since),
        ...(session.canManage ? [el('button', { type: 'button', 'aria-label': `End the ban of ${ban.ban}`, onclick: () => change(one => remove(`bans?ban=${encodeURIComponent(one)}`), ban.ban, 'is not banned any more') }, 'End')] : [])]),
      'Nobody is banned.'),
    ];
  });
  const change = async (call, ban, words) => {
    await report(done, async () => {
      const result = await call(ban);
      return `${result.ban} ${words}.${result.missing.length > 0 ? ` Edges that do not follow it yet: ${result.missing.join(', ')}.` : ''}`;
    });
    open();
  };
  const ban = el('input', { name: 'ban', required: true, maxlength: 64, value: rest[0] ?? '', spellcheck: 'false', autocapitalize: 'off' });
  put(view,
    el('p', { class: 'lead' }, 'Who is banned leaves the routing tables, gets no response, and is not asked. Bans last until they are ended, on all edges.'),
    session.canManage && el('form', {
      class: 'row',
      onsubmit: async event => {
        event.preventDefault();
        const given = ban.value.trim();
        let isThere = null;
        await report(done, async () => {
          isThere = (await read('bans', { ban: given })).bans.length > 0;
          return isThere ? `${given} is banned already.` : null;
        });
        if (isThere === false && await confirm('Ban this?', `${given} gets no response from here any more.`, 'Ban')) change(one => set('bans', { ban: one }), given, 'is banned');
      },
    }, field('Ban', ban, 'A node id, an address, a range such as 203.0.113.0/24, or the public key of an owner, whose items are refused then.'), el('button', { class: 'danger' }, 'Ban…')),
    done, list);
  open();
}
