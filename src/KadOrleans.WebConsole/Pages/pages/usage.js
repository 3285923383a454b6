import { el, put, load, svg, table } from '../lib/dom.js';
import { number, bytes, plural } from '../lib/format.js';
import { read } from '../lib/api.js';

const MAX_SQUARES = 4096;
const MAX_ROWS = 20;

export function show(view) {
  const body = el('section', {});
  put(view, body);
  load(body, async () => draw(await read('usage')));
}

function draw(usage) {
  const missing = new Set(usage.missing);
  const shards = [...usage.shards.map(shard => ({ ...shard })), ...usage.missing.map(shard => ({ shard, keys: null, bytes: null }))]
    .sort((one, other) => one.shard - other.shard);
  return [
    el('div', { class: 'tiles' },
      tile('Keys', number(usage.keys)), tile('Bytes', bytes(usage.bytes)),
      shards.length > 0 && tile('Shards', number(shards.length)),
      missing.size > 0 && tile('Shards that do not respond', number(missing.size), true)),
    el('p', { class: 'quiet' }, 'Expired keys count until they are removed. Bytes are what quotas count: keys and values.'),
    shards.length === 0 ? el('p', {}, 'A node holds its keys in one file, without shards.') : [
      el('h2', {}, 'Shards by bytes'),
      squares(shards),
      el('h2', {}, `The fullest ${Math.min(MAX_ROWS, shards.length)}`),
      table('The fullest shards', ['Shard', { text: 'Keys', class: 'number' }, { text: 'Bytes', class: 'number' }, { text: 'Of all', class: 'number' }],
        usage.shards.toSorted((one, other) => other.bytes - one.bytes).slice(0, MAX_ROWS).map(shard => [
          el('code', {}, name(shard.shard)), number(shard.keys), bytes(shard.bytes),
          usage.bytes ? `${((shard.bytes / usage.bytes) * 100).toFixed(1)} %` : '–'])),
    ],
    missing.size > 0 && el('p', { class: 'notice error' }, `${plural(missing.size, 'shard')} did not respond in time: ${usage.missing.slice(0, 20).map(name).join(', ')}${missing.size > 20 ? ' and others' : ''}. Their keys are not counted.`),
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
    }, svg('title', {}, `shard ${name(shard.shard)}: ${shard.bytes === null ? 'no response' : `${plural(shard.keys, 'key')}, ${bytes(shard.bytes)}`}`))));
}

// As messages name it.
const name = shard => shard.toString(16).padStart(4, '0');

const tile = (title, value, isBad = false) =>
  el('div', { class: `tile${isBad ? ' bad' : ''}` }, el('span', {}, title), el('strong', {}, value));
