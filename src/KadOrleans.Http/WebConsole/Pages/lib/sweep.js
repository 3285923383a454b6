// How far upkeep is with sending values again that are due.

import { el, tile } from './dom.js';
import { bar } from './charts.js';
import { ago, duration, number, plural } from './format.js';

// What was due when nothing was counted waits for the next check, within its limit.
const isLate = (sweep) => sweep.overdue > 0 && (sweep.waiting > 0 || sweep.missesInterval);

/** A tile of what waits, of all nodes together. */
export function sweepTile(sweep) {
  return tile('Values to send again', sweep ? number(sweep.waiting) : '–', {
    href: '#/nodes', isBad: sweep?.missesInterval, words: !sweep ? 'unknown' : isLate(sweep) ? `late by ${duration(sweep.overdue)}` : 'none is late',
  });
}

/** The sweep of a node in words, with a bar while it is under way. */
export function sweepOf(sweep) {
  if (!sweep) return el('p', { class: 'quiet sweep' }, 'It has not said yet what it sends again.');
  const sent = sweep.republished + sweep.published;
  const parts = sweep.begunAt === null ? ['No value was due so far.']
    : sweep.waiting > 0 ? [`Sends values again, ${number(sent)} of ${number(sweep.values)}, in ${number(sweep.regionsDone)} of ${plural(sweep.regions, 'region')}; began ${ago(sweep.begunAt)}.`]
      : [`Sent ${plural(sent, 'value')} again in ${plural(sweep.regions, 'region')}, ${ago(sweep.endedAt)}.`];
  if (sweep.lateness > 0) parts.push(`The most overdue was ${duration(sweep.lateness)} late.`);
  if (isLate(sweep)) parts.push(`One that waits is ${duration(sweep.overdue)} late${sweep.missesInterval ? `: more than the ${duration(sweep.overdueLimit)} that are allowed` : ''}.`);
  if (sweep.leftOut > 0) parts.push(`${plural(sweep.leftOut, 'contact')} left out: no answer to several STOREs.`);
  return el('div', { class: 'sweep' }, el('p', { class: 'quiet' }, sweep.missesInterval && el('span', { class: 'mark bad' }, 'late'), ' ', parts.join(' ')),
    sweep.waiting > 0 && bar(sweep.values - sweep.waiting, sweep.values, `${number(sweep.values - sweep.waiting)} of ${number(sweep.values)} values`));
}
