import { el, put, shown, id, table, load, field, notice, report } from '../lib/dom.js';
import { number, plural, time, milliseconds, relative } from '../lib/format.js';
import { ring } from '../lib/ring.js';
import { bar, steps } from '../lib/charts.js';
import { read, post, remove } from '../lib/api.js';
import { events } from '../lib/events.js';

const PHASES = { running: ['runs', ''], finished: ['finished', 'good'], stopped: ['stopped', 'warn'], failed: ['failed', 'bad'] };

export function show(view, { session, rest, onLeave }) {
  const [done, progress, picture, growth, crawls] = [1, 2, 3, 4, 5].map(() => el('section', {}));
  done.setAttribute('aria-live', 'polite');
  put(view, el('p', { class: 'lead' }, 'A crawl asks every node of the network for its contacts, within a rate. The last ten are kept.'),
    session.canManage && starter(start), done, progress, picture, growth, crawls);
  let end = null;
  onLeave(() => end?.());

  function start(rate) {
    report(done, async () => follow(await post('crawls', rate ? `{"rate":${rate}}` : {})));
  }

  const list = () => load(crawls, async () => {
    const all = (await read('crawls')).crawls;
    const running = all.find(crawl => crawl.phase === 'running');
    if (running && !end) follow(running);
    const ended = all.filter(crawl => crawl.summary && crawl.phase !== 'running');
    const seen = ended.find(crawl => crawl.id === rest[0]) ?? ended.find(crawl => crawl.phase === 'finished') ?? ended[0];
    if (seen) explore(picture, seen, rest[0] === seen.id ? rest[1] ?? '' : '');
    put(growth, changes(ended));
    return [el('h2', {}, 'Crawls'), table('Crawls',
      ['Began', 'State', { text: 'Nodes', class: 'number' }, { text: 'Unreachable', class: 'number' }, 'Change', { text: 'Datagrams', class: 'number' }, ''],
      all.map(crawl => {
        const [words, kind] = PHASES[crawl.phase] ?? [crawl.phase, ''];
        return [time(crawl.startedAt), [el('span', { class: `mark ${kind}` }, words), crawl.problem && el('small', {}, ' ', shown(crawl.problem))],
          number(crawl.summary?.nodes ?? crawl.reachable), number(crawl.summary?.unreachable ?? crawl.unreachable),
          crawl.change ? `+${number(crawl.change.came)} −${number(crawl.change.went)}` : '–', number(crawl.datagrams),
          crawl.phase === 'running' ? '' : el('a', { href: `#/network/${crawl.id}` }, 'Look at it')];
      }), 'The network was not crawled yet.')];
  });

  function follow(crawl) {
    end?.();
    showProgress(crawl);
    end = events(`../v1/admin/crawls/${encodeURIComponent(crawl.id)}/events`, (name, now) => {
      if (name !== 'progress') return;
      if (now.phase === 'running') return showProgress(now);
      end();
      end = null;
      put(progress, notice(now.problem ?? `The crawl ${PHASES[now.phase][0]}: ${plural(now.summary?.nodes ?? now.reachable, 'node')}.`, now.phase === 'failed' ? 'error' : 'info'));
      rest.length = 0;
      list();
    });
  }

  function showProgress(crawl) {
    const known = crawl.reachable + crawl.unreachable + crawl.waiting;
    put(progress, el('div', { class: 'card panel', 'data-crawl': crawl.id },
      el('h2', {}, 'A crawl runs', el('small', {}, 'began ', time(crawl.startedAt))),
      bar(known - crawl.waiting, known, `${known - crawl.waiting} of ${known} addresses done`),
      el('p', {}, `${plural(crawl.reachable, 'node')} answered, ${number(crawl.unreachable)} did not, ${number(crawl.waiting)} wait. `
        + `${plural(crawl.datagrams, 'datagram')} at no more than ${number(crawl.rate)} a second${crawl.slices > 1 ? `; ${crawl.slicesDone} of ${crawl.slices} parts are done by ${plural(crawl.edges, 'edge')}` : ''}.`),
      session.canManage && el('button', {
        type: 'button', onclick: async event => {
          event.target.disabled = true;
          await remove(`crawls/${encodeURIComponent(crawl.id)}`).catch(failure => put(done, notice(failure.message)));
        },
      }, 'Stop')));
  }

  list();
}

function starter(start) {
  const rate = el('input', { name: 'rate', type: 'number', min: 1, placeholder: 'the default' });
  return el('form', { class: 'row', onsubmit: event => { event.preventDefault(); start(rate.value); } },
    field('Datagrams a second', rate), el('button', { class: 'main' }, 'Crawl now'));
}

// The picture of a crawl, and what lies below a prefix.
function explore(place, crawl, begin) {
  const [path, drawing, found] = [el('p', { class: 'path' }), el('div', { class: 'ringside' }), el('div', {})];
  const facts = crawl.summary;
  put(place, el('h2', {}, 'The network', el('small', {}, ' as of ', time(crawl.startedAt), crawl.phase === 'finished' ? '' : ', incomplete')), path,
    el('div', { class: 'network' }, drawing, el('div', {}, el('dl', { class: 'facts' },
      fact('Nodes', number(facts.nodes)), fact('Unreachable', `${number(facts.unreachable)} (${(facts.unreachableShare * 100).toFixed(1)} %)`),
      fact('Different ids', number(facts.ids)), fact('Different addresses', number(facts.addresses)),
      facts.roundTripMilliseconds && fact('Round trip', `median ${milliseconds(facts.roundTripMilliseconds.p50)}, 99 % within ${milliseconds(facts.roundTripMilliseconds.p99)}`),
      facts.contactsPerNode && fact('Contacts of a node', facts.contactsPerNode.most === 0 ? 'none named another one' : `median ${number(Math.round(facts.contactsPerNode.p50))}, at most ${number(Math.round(facts.contactsPerNode.most))}`),
      facts.balance && fact('Spread of ids', facts.balance.verdict === 'even' ? 'even, as by chance' : `uneven; fullest: ${facts.balance.fullestPrefix}…`),
      forms(facts.addressForms),
      fact('Ids at several addresses', number(facts.idsAtSeveralEndpointsCount)),
      fact('Addresses with several ids', number(facts.endpointsWithSeveralIdsCount))),
    el('ul', { class: 'legend' }, el('li', { class: 'contacts' }, 'answers'), el('li', { class: 'warn' }, 'named by others, unreachable')))), found);
  const open = prefix => load(drawing, async () => {
    const map = await read(`crawls/${encodeURIComponent(crawl.id)}/map`, { prefix });
    put(path, crumbs(prefix, open));
    put(found, map.nodes ? nodes(map.nodes) : el('p', { class: 'quiet' }, 'Open a sixteenth of the ring to see its ids alone; a part with few nodes lists them.'));
    return ring(map, open, node => {
      const row = document.getElementById(`node-${node.endpoint}`);
      row?.scrollIntoView({ block: 'center' });
      row?.focus();
    });
  });
  open(begin);
}

const FORMS = { text: 'as text', bytes: 'as bytes (Python 2)' };

// A node that names no contact shows no address.
function forms(counts) {
  const seen = Object.entries(counts).filter(([form, count]) => form in FORMS && count > 0).map(([form, count]) => `${FORMS[form]} by ${number(count)}`);
  return seen.length > 0 && fact('Addresses written', seen.join(', '));
}

const fact = (name, value) => [el('dt', {}, name), el('dd', {}, value)];

function crumbs(prefix, open) {
  const link = (text, to) => el('button', { type: 'button', class: 'crumb', onclick: () => open(to), 'aria-current': to === prefix ? 'true' : null }, text);
  return [link('all ids', ''), [...prefix].map((digit, place) => [' › ', link(prefix.slice(0, place + 1), prefix.slice(0, place + 1))])];
}

function nodes(all) {
  return all.length === 0 ? el('p', { class: 'empty' }, 'No node.') : el('div', { class: 'nodes' }, all.map(node => el('details', {},
    el('summary', { id: `node-${node.endpoint}` },
      el('span', { class: `mark ${node.reachable ? 'good' : 'warn'}` }, node.reachable ? 'answers' : 'unreachable'),
      node.id ? id(node.id, 16) : el('span', {}, 'no id'), shown(node.endpoint, { class: 'address' }),
      el('small', {}, node.reachable ? milliseconds(node.roundTripMilliseconds) : '')),
    el('dl', { class: 'facts' },
      node.id && [el('dt', {}, 'Id'), el('dd', {}, el('code', { class: 'whole' }, node.id))],
      node.otherIds.length > 0 && [el('dt', {}, 'Named by others as'), el('dd', {}, node.otherIds.map(other => el('div', {}, el('code', { class: 'whole' }, other))))],
      fact('Contacts', `${number(node.contacts)}${node.reachable && !node.complete ? ', not all of them' : ''}`),
      fact('Addresses written', node.addressForm === 'bytes' ? 'as bytes (Python 2)' : node.addressForm === 'text' ? 'as text' : 'not seen: it named nobody'),
      fact('Seen since', node.since ? [time(node.since), ` (${relative(node.since)})`] : 'the first crawl, or not compared')))));
}

// Sizes over time, and who came and went.
function changes(ended) {
  const finished = ended.filter(crawl => crawl.phase === 'finished').reverse();
  const last = finished.at(-1);
  if (finished.length < 2) return null;
  return [el('h2', {}, 'Growth and churn'),
    steps('Nodes in each crawl', finished.map(crawl => ({ label: new Date(crawl.startedAt).toLocaleString('sv'), value: crawl.summary.nodes }))),
    last.change && el('p', {}, `Since the crawl before, ${plural(last.change.came, 'node')} came, ${number(last.change.went)} went, and ${number(last.change.stayed)} stayed.`),
    last.sessions && el('p', {}, last.sessions.medianSeconds === null
      ? `Half of the nodes stay longer than ${hours(last.sessions.limitSeconds)}.`
      : `Half of the nodes stay no longer than ${hours(last.sessions.medianSeconds)}.`, ` ${plural(last.sessions.count, 'session')} counted.`)];
}

const hours = seconds => seconds < 5400 ? `${Math.round(seconds / 60)} min` : seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86400).toFixed(1)} days`;
