import { el, put, shown, table, load, field, notice } from '../lib/dom.js';
import { ago, bytes, number, time } from '../lib/format.js';
import { read, keyPath } from '../lib/api.js';

export function show(view) {
  const [list, found] = [el('section', {}), el('div', { 'aria-live': 'polite' })];
  const key = el('input', { name: 'key', required: true, maxlength: 1024, autocomplete: 'off', spellcheck: 'false' });
  const form = el('form', {
    class: 'row',
    onsubmit: event => {
      event.preventDefault();
      load(found, async () => place(await read(`${keyPath(key.value)}/shard`)));
    },
  }, field('Key', key), el('button', {}, 'Find its shard'));
  put(view, list);
  load(list, async () => {
    const { silos } = await read('silos');
    if (silos.length === 0) return el('p', { class: 'empty' }, 'This is one node, without silos.');
    put(view, list, el('section', {}, el('h2', {}, 'Where a key is'), form, found));
    return draw(silos);
  });
}

const ENDS = { stopped: 'stopped', declaredDead: 'declared dead' };

function draw(silos) {
  const [running, dead] = [silos.filter(silo => silo.state !== 'Dead'), silos.filter(silo => silo.state === 'Dead')];
  const lost = dead.filter(silo => silo.isLost);
  return [
    el('p', { class: 'lead' }, 'The silos hold keys and routing tables. Each says whether it is ready. The state of one that does not respond is from the membership table.'),
    lost.length > 0 && notice(`${lost.map(silo => silo.name ?? silo.address).join(', ')}: declared dead, and no silo has started in its place.`),
    !running.some(silo => silo.hasEdgeDirectory) && notice('No silo that responds has the edge directory.'),
    shared(running).map(([node, count]) => notice(`${count} silos share the node ${node}: if it is lost, so are they at once.`)),
    table('Silos', ['Silo', 'State', 'Ready', { text: 'Shards', class: 'number' }, { text: 'Memory', class: 'number' }, 'Clock', 'Version', 'Started', 'Last heard'], running.map(silo => [
      names(silo, silo.hasEdgeDirectory && el('div', {}, 'holds the edge directory')),
      silo.state, readiness(silo), silo.shards === null ? '–' : number(silo.shards), silo.residentBytes === null ? '–' : bytes(silo.residentBytes), clock(silo.clockDifference), silo.version ?? '–', time(silo.startedAt), time(silo.lastHeard)])),
    dead.length > 0 && [
      el('h2', {}, 'Ended'),
      el('p', { class: 'quiet' }, 'The last ones. One that stopped said so itself; the others declared dead what crashed, hung or was cut off from them.'),
      table('Silos that ended', ['Silo', 'How', 'When', 'Started', 'Last heard'], dead.map(silo => [
        names(silo), [ENDS[silo.end] ?? 'dead', silo.isLost && el('div', {}, el('span', { class: 'mark bad' }, 'missing'))],
        silo.endedAt ? [time(silo.endedAt), el('div', {}, el('small', {}, ago(silo.endedAt)))] : '–', time(silo.startedAt), time(silo.lastHeard)])),
    ],
  ];
}

const names = (silo, more = null) => [
  shown(silo.address, { class: 'address' }), silo.name && el('div', { class: 'quiet' }, shown(silo.name)),
  silo.node && el('div', { class: 'quiet' }, 'on ', shown(silo.node)), more];

// The nodes that several active silos say they run on.
function shared(silos) {
  const counts = new Map();
  for (const { node } of silos.filter(silo => silo.node && silo.state === 'Active')) counts.set(node, (counts.get(node) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1);
}

function readiness({ isReady, reason }) {
  return [
    el('span', { class: `mark ${isReady ? (reason ? 'warn' : 'good') : 'bad'}` }, isReady ? 'ready' : 'not ready'),
    reason && el('div', {}, shown(reason))];
}

// The field says how far the cluster's time is ahead of the clock.
const clock = difference => difference === null ? '–' : difference === 0 ? '0 s' : `${Math.abs(difference).toFixed(3)} s ${difference < 0 ? 'ahead' : 'behind'}`;

const place = ({ number, silos, missing }) => [
  el('p', {}, `Shard ${number} is `, silos.length > 0 ? ['active on ', silos.map((silo, at) => [at > 0 && ', ', shown(silo, { class: 'address' })]), '.'] : 'not active.'),
  missing.length > 0 && notice(`These silos do not respond, so it may be active there: ${missing.join(', ')}.`)];
