// The number of a cluster's shards, and its doubling.

import { el, put, confirm, notice, report } from './dom.js';
import { number } from './format.js';
import { bar } from './charts.js';
import { read, post } from './api.js';

// Silos use the new number within 15 s after a doubling.
const [WHILE_DOUBLED, AFTERWARDS] = [1000, 3000];
const MOST = 65536;

/**
 * Shows in a place how many shards there are, how far a doubling is, and what begins one.
 * @param changed called when the cluster has another number of shards than the page shows.
 * @returns what starts it, with the number of shards that the page shows; called again after each change.
 */
export function doubling(place, session, onLeave, changed) {
  const [done, state] = [el('div', { 'aria-live': 'polite' }), el('div', {})];
  let drawn = 0;
  let before = null;
  let timer = 0;
  let isLeft = false;
  onLeave(() => {
    isLeft = true;
    clearTimeout(timer);
  });

  async function look() {
    clearTimeout(timer);
    try {
      tell(await read('shards'));
    } catch (failure) {
      put(state, notice(failure.message));
      again(look, AFTERWARDS);
    }
  }

  function tell(shards) {
    if (isLeft) return;
    const isDoubled = shards.split !== null;
    if (before && before.split !== null && !isDoubled) put(done, notice(`The doubling is done: the cluster has ${number(shards.count)} shards.`, 'info'));
    before = shards;
    put(state, isDoubled ? progress(shards) : idle(shards));
    if (isDoubled) again(look, WHILE_DOUBLED);
    else if (shards.count !== drawn) again(changed, AFTERWARDS);
  }

  function again(next, interval) {
    clearTimeout(timer);
    if (!isLeft) timer = setTimeout(next, interval);
  }

  const idle = shards => [
    el('p', {}, `The cluster has ${number(shards.count)} shards. More of them spread over more silos and hold more keys; fewer take more puts a second.`),
    session.canManage && shards.count < MOST && el('button', { type: 'button', class: 'danger', onclick: () => begin(shards) }, 'Double the shards…'),
  ];

  async function begin({ count }) {
    if (!await confirm('Double the shards?',
      `The cluster gets ${number(count * 2)} shards in place of ${number(count)}. This cannot be stopped, and there is no way back but export and import. Make a backup first.`, 'Double')) return;
    await report(done, async () => tell(await post('shards:double', { count })));
    look();
  }

  return count => {
    drawn = count;
    if (!place.hasChildNodes()) put(place, el('h2', {}, 'Number of shards'), done, state);
    look();
  };
}

const progress = ({ count, split }) => el('div', { class: 'card panel', 'data-split': split },
  el('h2', {}, `From ${number(count)} to ${number(count * 2)} shards`),
  bar(split, count, `${split} of ${count} shards are split`),
  el('p', {}, `${number(split)} of ${number(count)} shards are split. Gets are answered. Puts to a shard wait while it is split. `
    + 'You may leave this page: the cluster goes on by itself.'));
