import { el, put, shown, id, table } from '../lib/dom.js';
import { number, rate, bytes, plural } from '../lib/format.js';
import { lines } from '../lib/charts.js';
import { read } from '../lib/api.js';
import { watch } from '../lib/live.js';

const USAGE_MS = 30000;

// Where to look when an alarm fires.
const WHERE = {
  KadNotReady: null,
  KadEdgeWithoutContact: ['#/table', 'Look at the routing table'],
  KadStorageFailing: ['#/usage', 'Look at the usage'],
  KadRequestsDropped: null,
  KadLookupsFail: ['#/lookup', 'Try a lookup'],
};

export function show(view, { onLeave }) {
  const [health, now, tiles, charts, alarms, nodes] = [1, 2, 3, 4, 5, 6].map(() => el('section', {}));
  const contacts = el('div', { class: 'tiles' });
  health.setAttribute('aria-live', 'polite');
  const held = el('div', { class: 'tiles' });
  let words = null;
  put(now, el('div', { class: 'tiles' }, contacts, held));
  put(view, health, now, tiles, charts, alarms, nodes);

  onLeave(watch(overview => {
    if (!overview) return;
    const firing = overview.alarms.filter(alarm => alarm.fires).length;
    const [title, kind] = !overview.isReady ? ['Unhealthy', 'bad'] : firing > 0 ? ['Needs attention', 'warn'] : ['Healthy', 'good'];
    if (words !== title + overview.words) {
      words = title + overview.words;
      put(health, el('p', { class: `health ${kind}` }, el('strong', {}, title), shown(overview.words), firing > 0 && el('span', {}, firing === 1 ? 'An alarm fires.' : `${firing} alarms fire.`)));
    }
    const rates = overview.rates;
    const all = rates ? rates.succeeded + rates.failed : 0;
    put(tiles, el('h2', {}, 'In the last minute'), el('div', { class: 'tiles' },
      tile('Requests received', rates ? `${rate(rates.received)}/s` : '–'),
      tile('STOREs accepted', rates ? `${rate(rates.stores)}/s` : '–'),
      tile('Requests refused', rates ? `${rate(rates.refused)}/s` : '–', rates?.refused > rates?.received / 10),
      tile('Lookups', rates ? number(all) : '–'),
      tile('Lookups that succeeded', all ? `${Math.round((rates.succeeded / all) * 100)} %` : '–', all >= 10 && rates.failed > all * 0.05)));
    put(contacts, tile('Contacts', number(overview.contacts)));
    put(charts, el('div', { class: 'charts' },
      lines('Requests received', overview.series.at, overview.series.received),
      lines('Lookups', overview.series.at, overview.series.lookups, { title: 'failed', values: overview.series.failed })));
    put(alarms, el('h2', {}, 'Alarms'), el('ul', { class: 'alarms' }, overview.alarms.map(alarm => {
      const where = alarm.fires ? WHERE[alarm.name] : null;
      return el('li', { class: alarm.fires ? 'bad' : 'good' },
        el('span', { class: 'flag' }, alarm.fires ? 'fires' : 'quiet'),
        el('code', {}, alarm.name), el('span', {}, shown(alarm.sentence)),
        where && el('a', { href: where[0] }, where[1]));
    })), el('p', { class: 'quiet' }, 'As this process sees the last five minutes. Your monitoring has the others; docs/runbook.md says what to do.'));
    const isNode = overview.nodes.length === 1 && overview.nodes[0].name === '';
    put(nodes, el('h2', {}, isNode ? 'Node' : plural(overview.nodeCount, 'edge')), table('Nodes',
      [...(isNode ? [] : ['Name']), 'Node ids', 'Listens on', { text: 'Contacts', class: 'number' }],
      overview.nodes.map(node => [...(isNode ? [] : [shown(node.name)]),
        el('ul', { class: 'plain' }, node.ids.slice(0, 4).map(text => el('li', {}, id(text))), node.ids.length > 4 && el('li', {}, `and ${node.ids.length - 4} more`)),
        el('ul', { class: 'plain' }, node.endpoints.slice(0, 4).map(text => el('li', {}, shown(text, { class: 'address' }))), node.endpoints.length > 4 && el('li', {}, `and ${node.endpoints.length - 4} more`)),
        number(node.contacts)]),
      'No edge is live.'));
  }));

  const count = async () => {
    try {
      const usage = await read('usage');
      put(held, tile('Keys held', number(usage.keys)), tile('Bytes held', bytes(usage.bytes)),
        usage.missing.length > 0 && tile('Shards that do not respond', number(usage.missing.length), true));
    } catch (failure) {
      put(held, tile('Keys held', '–'), el('p', { class: 'quiet' }, shown(failure.message)));
    }
  };
  count();
  const timer = setInterval(count, USAGE_MS);
  onLeave(() => clearInterval(timer));
}

const tile = (title, value, isBad = false) =>
  el('div', { class: `tile${isBad ? ' bad' : ''}` }, el('span', {}, title), el('strong', {}, value));
