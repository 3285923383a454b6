// The overview, as it is sent each few seconds. One connection serves all pages.

import { events } from './events.js';

let end = null;
let last = null;
let isConnected = false;
const listeners = new Set();

function start() {
  end = events('live', (_, overview) => tell(overview, true), () => tell(last, false));
}

function tell(overview, isNew) {
  [last, isConnected] = [overview, isNew];
  for (const listener of listeners) listener(overview, isNew);
}

/** Calls back with the last overview and each later one. Returns what ends that. */
export function watch(listener) {
  listeners.add(listener);
  if (!end) start();
  else if (last) listener(last, isConnected);
  return () => listeners.delete(listener);
}

/** Closes the connection. */
export function stop() {
  end?.();
  [end, last, isConnected] = [null, null, false];
  listeners.clear();
}

/** The last overview; null before the first. */
export const latest = () => last;
