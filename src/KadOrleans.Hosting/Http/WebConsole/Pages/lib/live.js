// The overview by server-sent events. One connection serves all pages.

let source = null;
let last = null;
const listeners = new Set();

function start() {
  source = new EventSource('live');
  source.addEventListener('overview', event => tell(JSON.parse(event.data), true));
  source.addEventListener('error', () => tell(last, false));
}

function tell(overview, isConnected) {
  last = overview;
  for (const listener of listeners) listener(overview, isConnected);
}

/** Calls back with the last overview and each later one. Returns what ends that. */
export function watch(listener) {
  listeners.add(listener);
  if (!source) start();
  else if (last) listener(last, source.readyState === EventSource.OPEN);
  return () => listeners.delete(listener);
}

/** Closes the connection. */
export function stop() {
  source?.close();
  source = null;
  last = null;
  listeners.clear();
}

/** The last overview; null before the first. */
export const latest = () => last;
