import { el, put, load, svg, table, tile, shown } from '../lib/dom.js';
import { number, bytes, counted, plural } from '../lib/format.js';
import { bar } from '../lib/charts.js';
import { doubling } from '../lib/doubling.js';
import { read } from '../lib/api.js';

const MAX_SQUARES = 4096;
const MAX_ROWS = 20;

export function show(view, { session, onLeave }) {
  const [body, doubled, sources] = [1, 2, 3].map(() => el('section', {}));
  put(view, body, doubled, sources);
  const open = () => load(body, async () => {
    const usage = await read('usage');
    const count = usage.shards.length + usage.missing.length;

    // A node has none. Silos hear of a doubling's end within seconds, so the numbers may differ for a while.
    if (count > 0) follow(count);
    return draw(usage);
  });
  const follow = doubling(doubled, session, onLeave, open);
  open();
  load(sources, async () => drawSources(await read('usage/sources', { count: MAX_ROWS }), session));
}

function drawSources(usage, session) {
  const { others } = usage;
  const amount = (value, text, whole) => [text, bar(value, whole, whole ? `${((value / whole) * 100).toFixed(1)} % of all` : 'nothing')];
  const row = (name, one) => [name, amount(one.keys, number(one.keys), usage.keys), amount(one.bytes, bytes(one.bytes), usage.bytes)];
  const banOf = source => session.canManage && source !== 'trusted' && [' ', el('a', { href: `#/bans/${encodeURIComponent(source)}`, 'aria-label': `Ban ${source}` }, 'Ban…')];
  return [
    el('h2', {}, 'By source network'),
    el('p', { class: 'quiet' }, 'Who stored it: an IPv4 address or an IPv6 /64. What was set here, or came from trusted nodes, is trusted. '
      + 'What is not proven came without a write token: others may have stored it in that name, so a ban may hit a node that did nothing. '
      + `Listed are the ${MAX_ROWS} with most keys and the ${MAX_ROWS} with most bytes.`),
    table('Usage by source network', ['Source', { text: 'Keys', class: 'number' }, { text: 'Bytes', class: 'number' }], [
      ...usage.sources.map(one => row(el('div', {}, shown(one.source), !one.proven && one.source !== 'trusted' && ' not proven', banOf(one.source)), one)),
      ...(others.keys > 0 ? [row('others', others)] : [])], 'Nothing is held.'),
    usage.missing.length > 0 && el('p', { class: 'quiet' }, `${plural(usage.missing.length, 'shard')} did not respond in time. Their keys are not counted.`),
    others.keys > 0 && el('p', { class: 'quiet' }, `None of the others has more than ${plural(others.mostKeys, 'key')} or ${bytes(others.mostBytes)}.`),
  ];
}

function draw(usage) {
  const missing = new Set(usage.missing);
  const shards = [...usage.shards.map(shard => ({ ...shard })), ...usage.missing.map(shard => ({ shard, keys: null, bytes: null }))]
    .sort((one, other) => one.shard - other.shard);
  const part = counted(usage);
  return [
    el('div', { class: 'tiles' },
      tile('Keys', number(usage.keys), { words: part }), tile('Bytes', bytes(usage.bytes), { words: part }),
      tile('Kept for their owners', number(usage.kept), { words: `${part ? `${part}, ` : ''}of ${number(usage.mostKept)} at most` }),
      shards.length > 0 && tile('Shards', number(shards.length)),
      missing.size > 0 && tile('Shards that do not respond', number(missing.size), { isBad: true })),
    el('p', { class: 'quiet' }, 'Expired keys count until they are removed. Bytes are what quotas count: keys and values.'),
    shards.length === 0 ? el('p', {}, 'A node holds its keys in one file, without shards.') : [
      el('h2', {}, 'Shards by bytes'),
      squares(shards),
      el('h2', {}, `The fullest ${Math.min(MAX_ROWS, shards.length)}`),
      table('The fullest shards', ['Shard', { text: 'Keys', class: 'number' }, { text: 'Bytes', class: 'number' }, { text: 'Of all', class: 'number' }],
        usage.shards.toSorted((one, other) => other.bytes - one.bytes).slice(0, MAX_ROWS).map(shard => [
          String(shard.shard), number(shard.keys), bytes(shard.bytes),
          usage.bytes ? `${((shard.bytes / usage.bytes) * 100).toFixed(1)} %` : '–'])),
    ],
    missing.size > 0 && el('p', { class: 'notice error' }, `${plural(missing.size, 'shard')} did not respond in time: ${usage.missing.slice(0, 20).join(', ')}${missing.size > 20 ? ' and others' : ''}. Their keys are not counted.`),
  ];
}

function squares(shards) {
  const drawn = shards.slice(0, MAX_SQUARES);
  const columns = Math.min(drawn.length, Math.max(8, 2 ** Math.ceil(Math.log2(drawn.length) / 2 + 0.5)));
  const most = Math.max(1, ...drawn.map(shard => shard.bytes ?? 0));
  return svg('svg', { class: 'squares', viewBox: `0 0 ${columns} ${Math.ceil(drawn.length / columns)}`, role: 'img', 'aria-label': 'The shards, darker where they hold more' },
    drawn.map((shard, place) => svg('rect', {
      x: (place % columns) + 0.06, y: Math.floor(place / columns) + 0.06, width: 0.88, height: 0.88, rx: 0.14,
      class: shard.bytes === null ? 'missing' : 'shard', 'fill-opacity': shard.bytes === null ? 1 : (0.08 + 0.92 * (shard.bytes / most)).toFixed(2),
    }, svg('title', {}, `shard ${shard.shard}: ${shard.bytes === null ? 'no response' : `${plural(shard.keys, 'key')}, ${bytes(shard.bytes)}`}`))));
}

