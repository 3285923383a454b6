import { el, put, shown, id, table, tile } from '../lib/dom.js';
import { number, rate, bytes, plural, duration, time } from '../lib/format.js';
import { lines } from '../lib/charts.js';
import { read } from '../lib/api.js';
import { watch } from '../lib/live.js';
import { sweepTile } from '../lib/sweep.js';

const USAGE_MS = 30000;

// Where to look when an alarm fires.
const WHERE = {
  KadNotReady: null,
  KadEdgeWithoutContact: ['#/table', 'Look at the routing table'],
  KadStorageFailing: ['#/usage', 'Look at the usage'],
  KadRequestsDropped: null,
  KadLookupsFail: ['#/lookup', 'Try a lookup'],
  KadRepublishLate: ['#/nodes', 'Look at what waits'],
};

export function show(view, { session, onLeave }) {
  const [health, now, tiles, charts, alarms, nodes] = [1, 2, 3, 4, 5, 6].map(() => el('section', {}));
  const [process, held, silos] = [1, 2, 3].map(() => el('div', { class: 'tiles' }));
  let crawled = null;
  health.setAttribute('aria-live', 'polite');
  let words = null;
  put(now, el('div', { class: 'tiles' }, silos, process, held));
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
      tile('Requests refused', rates ? `${rate(rates.refused)}/s` : '–', { isBad: rates?.refused > rates?.received / 10 }),
      tile('Lookups', rates ? number(all) : '–'),
      tile('Lookups that succeeded', all ? `${Math.round((rates.succeeded / all) * 100)} %` : '–', { isBad: all >= 10 && rates.failed > all * 0.05 })));
    put(process,
      size(overview.networkSize, crawled),
      tile('Contacts', number(overview.contacts), { href: '#/table' }),
      tile('Release', overview.release),
      tile('Up for', duration((new Date(overview.at) - new Date(overview.startedAt)) / 1000), { words: session.subject.isCluster ? 'this silo' : null }),
      sweepTile(overview.sweep),
      tile('Storage', storage(overview), { isBad: refusesWrites(overview), words: shown(session.subject.storage) }));
    put(charts, el('div', { class: 'charts' },
      lines('Requests received', overview.series.at, overview.series.received),
      lines('Lookups', overview.series.at, overview.series.lookups, { title: 'failed', values: overview.series.failed })));
    put(alarms, el('h2', {}, 'Alarms'), el('ul', { class: 'alarms' }, overview.alarms.map(alarm => {
      const where = alarm.fires ? WHERE[alarm.name] : null;
      return el('li', { class: alarm.fires ? 'bad' : 'good' },
        el('span', { class: 'flag' }, alarm.fires ? 'fires' : 'quiet'),
        el('code', {}, alarm.name), el('span', {}, shown(alarm.sentence)),
        where && el('a', { href: where[0] }, where[1]),
        el('a', { href: runbook(alarm.name), 'aria-label': `What to do about ${alarm.name}` }, 'What to do'));
    })), el('p', { class: 'quiet' }, 'As this process sees the last five minutes. Your monitoring has the others; the ', el('a', { href: 'docs/runbook.md' }, 'runbook'), ' has all of them.'));
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
      put(held, tile('Keys held', number(usage.keys), { href: '#/keys' }), tile('Bytes held', bytes(usage.bytes), { href: '#/usage' }),
        usage.missing.length > 0 && tile('Shards that do not respond', number(usage.missing.length), { isBad: true }));
    } catch (failure) {
      put(held, tile('Keys held', '–'), el('p', { class: 'quiet' }, shown(failure.message)));
    }
  };
  const around = async () => {
    try {
      crawled = (await read('crawls')).crawls.find(crawl => crawl.phase === 'finished') ?? null;
      if (!session.subject.isCluster) return;
      const alive = (await read('silos')).silos.filter(silo => silo.state !== 'Dead');
      const ready = alive.filter(silo => silo.isReady).length;
      put(silos, tile('Silos', number(alive.length), { href: '#/silos', isBad: ready < alive.length, words: ready === alive.length ? 'all ready' : `${ready} ready` }));
    } catch {
      put(silos, session.subject.isCluster && tile('Silos', '–', { href: '#/silos', words: 'no answer' }));
    }
  };
  const renew = () => { count(); around(); };
  renew();
  const timer = setInterval(renew, USAGE_MS);
  onLeave(() => clearInterval(timer));
}

// What lookups tell, or before they do the last crawl.
function size(estimate, crawled) {
  const [value, words] = estimate !== null ? [`≈ ${number(estimate)}`, 'by lookups'] : crawled ? [number(crawled.summary.nodes), ['crawled ', time(crawled.startedAt)]] : ['–', 'no lookup told it yet'];
  return tile('Nodes of the network', value, { href: '#/network', words });
}

const runbook = alarm => `docs/runbook.md#${alarm.toLowerCase()}`;

const refusesWrites = overview => overview.alarms.some(alarm => alarm.name === 'KadStorageFailing' && alarm.fires);

const storage = overview => (refusesWrites(overview) ? 'fails' : 'works');
