import { el, put, shown, table, load, confirm, report } from '../lib/dom.js';
import { ago, duration, number, plural, time } from '../lib/format.js';
import { read, post, status } from '../lib/api.js';
import { watch } from '../lib/live.js';
import { sweepOf } from '../lib/sweep.js';

const STATES = { live: 'good', silent: 'bad', released: '', drained: 'warn' };

// What can be done to an edge: its title, in which states, what is asked before, and what it is called then.
const ACTIONS = [
  { action: 'drain', title: 'Drain', states: ['live', 'silent', 'released'], ask: 'It stops answering within 10 s and gets no other lease. Its node ids stay reserved.' },
  { action: 'resume', title: 'Resume', states: ['drained'], ask: 'It may lease its node ids again.' },
  { action: 'rotateIds', title: 'Other ids', states: ['live', 'silent', 'released', 'drained'], ask: 'It gets other node ids with its next lease. Its contacts and the keys near its ids change.' },
  { action: 'forget', title: 'Forget', states: ['silent', 'released', 'drained'], ask: 'The name and its node ids are removed.' },
];

export function show(view, { session, onLeave }) {
  const [done, body] = [el('div', { 'aria-live': 'polite' }), el('section', {})];
  put(view, done, body);
  const open = () => load(body, async () => {
    const [{ edges }, { nodes }] = await Promise.all([read('edges'), status().catch(() => ({ nodes: [] }))]);
    return edges.length > 0 ? drawEdges(edges, new Map(nodes.map(node => [node.name, node.counts]))) : [drawNode(onLeave), counters('', nodes[0]?.counts)];
  });
  const change = async (edge, { action, title, ask }) => {
    if (!await confirm(`${title}: ${edge.name}`, ask, title)) return;
    await report(done, async () => {
      const { changed } = await post(`edges/${encodeURIComponent(edge.name)}:${action}`);
      return `${edge.name}: ${changed ? 'done' : 'nothing had to be changed'}.`;
    });
    open();
  };
  const drawEdges = (edges, counts) => [
    el('p', { class: 'lead' }, 'Each edge leases node ids by its name, and serves them over UDP. The edges share what the cluster sends again: each has about an equal part.'),
    compare(edges),
    el('h2', {}, 'Ids, counters and changes'),
    edges.map(edge => el('article', { class: 'card' }, el('details', { open: edges.length === 1 },
      el('summary', {}, el('strong', {}, shown(edge.name)), ' ', el('span', { class: `mark ${STATES[edge.state] ?? ''}` }, edge.state)),
      el('p', { class: 'quiet' }, edge.state === 'live' ? plural(edge.contacts, 'contact') : edge.lastSeen ? ['last seen ', time(edge.lastSeen)] : 'not seen',
        `, ${plural(edge.epoch, 'lease')} so far`),
      edge.state === 'live' && sweepOf(edge.sweep),
      ids(edge.ids, edge.endpoints, edge.state === 'live'),
      counters(edge.name, counts.get(edge.name)),
      session.canManage && el('div', { class: 'buttons' }, ACTIONS.filter(one => one.states.includes(edge.state)).map(one =>
        el('button', { type: 'button', 'aria-label': `${one.title}: ${edge.name}`, onclick: () => change(edge, one) }, `${one.title}…`)))))),
  ];
  open();
}

// What differs between edges, side by side.
function compare(edges) {
  const all = edges.reduce((sum, edge) => sum + (edge.sent ?? 0), 0);
  return table('Edges', ['Edge', 'State', { text: 'Contacts', class: 'number' }, { text: 'Sent again', class: 'number' }, { text: 'Share', class: 'number' },
    { text: 'Waiting', class: 'number' }, 'Late by', 'Last sweep'], edges.map(edge => {
    const { sweep, sent } = edge;
    const isKnown = edge.state === 'live' && sweep;
    return [
      shown(edge.name),
      [el('span', { class: `mark ${STATES[edge.state] ?? ''}` }, edge.state), edge.state !== 'live' && edge.lastSeen && el('div', {}, el('small', {}, 'seen ', ago(edge.lastSeen)))],
      edge.state === 'live' ? number(edge.contacts) : '–',
      sent === null ? '–' : number(sent),
      sent === null || all === 0 ? '–' : `${Math.round((sent / all) * 100)} %`,
      isKnown ? number(sweep.waiting) : '–',
      !isKnown ? '–' : sweep.overdue === 0 ? 'none' : [duration(sweep.overdue), sweep.missesInterval && [' ', el('span', { class: 'mark bad' }, 'too late')]],
      !isKnown ? '–' : sweep.begunAt === null ? 'none yet' : sweep.endedAt ? ago(sweep.endedAt) : 'under way',
    ];
  }));
}

function drawNode(onLeave) {
  const body = el('div', {});
  onLeave(watch(overview => {
    if (!overview) return;
    put(body, overview.nodes.length === 0
      ? el('p', { class: 'empty' }, 'No edge is known: nothing is served to the network.')
      : overview.nodes.map(node => [el('p', {}, `This node has ${plural(node.contacts, 'contact')}.`), sweepOf(overview.sweep), ids(node.ids, node.endpoints, true)]));
  }));
  return body;
}

// What it counted since its start, in the order of the names, which docs/telemetry.md explains.
function counters(name, counts) {
  const all = Object.entries(counts ?? {}).sort(([one], [other]) => one.localeCompare(other));
  return all.length > 0 && el('details', {}, el('summary', {}, `Counters${name ? ` of ${name}` : ''} since the start`),
    table(`Counters of ${name || 'the node'}`, ['Counter', { text: 'Count', class: 'number' }], all.map(([counter, count]) => [el('code', {}, counter), number(count)])));
}

const ids = (all, endpoints, isLive) => table('Node ids', ['Node id', 'Listens on', ''], all.map((text, place) => [
  el('code', { class: 'whole' }, text), shown(endpoints[place] ?? endpoints[0] ?? '–', { class: 'address' }),
  isLive && el('a', { href: `#/table/${text}` }, 'Routing table')]));
