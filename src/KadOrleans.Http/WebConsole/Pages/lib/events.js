// Server-sent events by fetch: EventSource sends no headers, and a request of a session has one.

import { request } from './api.js';

const AGAIN_MS = 3000;

// Asking again would change nothing.
const REFUSED = [401, 403, 404];

/**
 * Reads a stream of events, and begins again after it broke off.
 * @param path of the stream.
 * @param take called with the name of each event and its data, which is JSON.
 * @param away called when the stream broke off.
 * @returns what ends it.
 */
export function events(path, take, away = () => {}) {
  const ending = new AbortController();
  run(path, take, away, ending.signal);
  return () => ending.abort();
}

async function run(path, take, away, signal) {
  while (!signal.aborted) {
    try {
      const response = await request(path, { headers: { Accept: 'text/event-stream' }, signal });
      if (REFUSED.includes(response.status)) return away();
      if (response.ok) await read(response.body, take, signal);
    } catch {
      // The connection broke, or the stream was ended here.
    }
    if (signal.aborted) return;
    away();
    await new Promise(resolve => { setTimeout(resolve, AGAIN_MS); });
  }
}

async function read(body, take, signal) {
  let name = '';
  let data = [];
  for await (const line of lines(body)) {
    if (signal.aborted) return;
    if (line !== '') {
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === 'event') name = value;
      else if (field === 'data') data.push(value);
      continue;
    }
    if (data.length > 0) tell(take, name, data.join('\n'));
    name = '';
    data = [];
  }
}

// A mistake of a page is none of the connection's.
function tell(take, name, text) {
  try {
    take(name, JSON.parse(text));
  } catch (failure) {
    reportError(failure);
  }
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    const whole = (rest + value).split('\n');
    rest = whole.pop();
    yield* whole;
  }
}
