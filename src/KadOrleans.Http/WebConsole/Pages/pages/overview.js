import { el, put, shown, id, table, tile } from '../lib/dom.js';
import { ago, bytes, counted, duration, number, plural, rate, time } from '../lib/format.js';
import { lines } from '../lib/charts.js';
import { read } from '../lib/api.js';
import { watch } from '../lib/live.js';
import { sweepTile } from '../lib/sweep.js';

const USAGE_MS = 30000;

// Where to look when an alarm fires.
const WHERE = {
  KadNotReady: null,
  KadSiloLost: ['#/silos', 'Look at the silos'],
  KadEdgeLost: ['#/nodes', 'Look at the edges'],
  KadEdgeWithoutContact: ['#/table', 'Look at the routing table'],
  KadStorageFailing: ['#/usage', 'Look at the usage'],
  KadRequestsDropped: null,
  KadLookupsFail: ['#/lookup', 'Try a lookup'],
  KadRepublishLate: ['#/nodes', 'Look at what waits'],
};

export function show(view, { session, onLeave }) {
  const [health, now, tiles, charts, alarms, nodes] = [1, 2, 3, 4, 5, 6].map(() => el('section', {}));
  const [process, held] = [1, 2].map(() => el('div', { class: 'tiles' }));
  let crawled = null;
  health.setAttribute('aria-live', 'polite');
  let words = null;
  put(now, el('div', { class: 'tiles' }, process, held));
  put(view, health, now, tiles, charts, alarms, nodes);

  onLeave(watch(overview => {
    if (!overview) return;
    const firing = overview.alarms.filter(alarm => alarm.fires);
    const isFine = firing.length === 0 && !overview.isUnserved;
    const [title, kind] = !overview.isReady ? ['Unhealthy', 'bad'] : isFine ? ['Healthy', 'good'] : ['Needs attention', 'warn'];
    const said = JSON.stringify([title, overview.words, firing.map(alarm => [alarm.name, alarm.sentence])]);
    if (words !== said) {
      words = said;
      put(health, el('div', { class: `health ${kind}` }, el('strong', {}, title), shown(overview.words),
        firing.length > 0 && el('ul', { class: 'plain firing' }, firing.map(alarm => el('li', {}, name(alarm), ' ', shown(alarm.sentence))))));
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
      storageTile(overview, session.subject.storage),
      session.subject.isCluster && silosTile(overview.silos),
      sweepTile(overview.sweep),
      size(overview.networkSize, crawled),
      tile('Contacts', number(overview.contacts), { href: '#/table' }));
    put(charts, el('div', { class: 'charts' },
      lines('Requests received', overview.series.at, overview.series.received),
      lines('Lookups', overview.series.at, overview.series.lookups, { title: 'failed', values: overview.series.failed })));
    put(alarms, el('h2', {}, 'Alarms'), el('ul', { class: 'alarms' }, overview.alarms.map(alarm => {
      const where = alarm.fires ? WHERE[alarm.name] : null;
      return el('li', { class: alarm.fires ? 'bad' : 'good' },
        el('span', { class: 'flag' }, alarm.fires ? 'fires' : 'quiet'),
        el('code', {}, alarm.name), el('span', {}, shown(alarm.sentence), alarm.last && [' Last ', time(alarm.last), '.']),
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
      'No edge is live.'),
    el('p', { class: 'quiet' }, `${session.subject.isCluster ? 'This silo' : 'This process'} runs release ${overview.release}, for ${duration((new Date(overview.at) - new Date(overview.startedAt)) / 1000)}.`));
  }));

  const count = async () => {
    try {
      const usage = await read('usage');
      const words = counted(usage);
      put(held, tile('Keys held', number(usage.keys), { href: '#/keys', words }), tile('Bytes held', bytes(usage.bytes), { href: '#/usage', words }),
        usage.missing.length > 0 && tile('Shards that do not respond', number(usage.missing.length), { isBad: true }));
    } catch (failure) {
      put(held, tile('Keys held', '–'), el('p', { class: 'quiet' }, shown(failure.message)));
    }
  };
  const around = async () => {
    try {
      crawled = (await read('crawls')).crawls.find(crawl => crawl.phase === 'finished') ?? null;
    } catch {
      // The size is that of lookups alone.
    }
  };
  const renew = () => { count(); around(); };
  renew();
  const timer = setInterval(renew, USAGE_MS);
  onLeave(() => clearInterval(timer));
}

const name = alarm => el('a', { href: runbook(alarm.name) }, alarm.name);

// What lookups tell, or before they do the last crawl.
function size(estimate, crawled) {
  const [value, words] = estimate !== null ? [`≈ ${number(estimate)}`, 'by lookups'] : crawled ? [number(crawled.summary.nodes), ['crawled ', time(crawled.startedAt)]] : ['–', 'no lookup told it yet'];
  return tile('Nodes of the network', value, { href: '#/network', words });
}

function silosTile(silos) {
  if (!silos) return tile('Silos', '–', { href: '#/silos', words: 'no answer' });
  const { running, ready, lost } = silos;
  const words = lost.length > 0 ? [`${number(lost.length)} lost`, lost[0].endedAt && [' ', ago(lost[0].endedAt)]]
    : ready === running ? 'all ready' : `${number(ready)} ready`;
  return tile('Silos', lost.length > 0 ? `${number(running)} of ${number(running + lost.length)}` : number(running),
    { href: '#/silos', isBad: lost.length > 0 || ready < running, words });
}

const runbook = alarm => `docs/runbook.md#${alarm.toLowerCase()}`;

// What failed and does so no more is said in small.
function storageTile(overview, place) {
  const alarm = overview.alarms.find(one => one.name === 'KadStorageFailing');
  return tile('Storage', alarm.fires ? 'fails' : 'works', {
    isBad: alarm.fires,
    words: [shown(place), !alarm.fires && alarm.last && el('div', {}, 'a write failed ', ago(alarm.last))],
  });
}
