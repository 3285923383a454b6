// Saves all values as a file of kad state.

import { el, put, notice } from './dom.js';
import { bytes } from './format.js';
import { request } from './api.js';

/** A button that downloads all values, and says how far it is. `onLeave` takes what ends it. */
export function exporter(onLeave) {
  const state = el('div', { 'aria-live': 'polite' });
  const begin = el('button', { type: 'button', onclick: () => run() }, 'Export…');
  let ending = null;
  onLeave(() => ending?.abort());

  async function run() {
    begin.disabled = true;
    ending = new AbortController();
    const words = el('p', {}, 'Reading…');
    put(state, words, el('button', { type: 'button', onclick: () => ending.abort() }, 'Stop'));
    try {
      const response = await request('../v1/admin/values', { headers: { Accept: 'application/json' }, signal: ending.signal });
      if (!response.ok) throw new Error((await response.json()).detail ?? `The server responded with status ${response.status}.`);
      const content = await whole(response.body, size => put(words, `${bytes(size)} read.`));
      save(content, `kad-values-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.json`);
      put(state, notice(`The export has ${bytes(content.size)}, and is among your browser's downloads.`, 'info'));
    } catch (failure) {
      put(state, ending.signal.aborted
        ? notice('The export was stopped.', 'info')
        : notice(`The export failed, and nothing was saved: ${failure.message}`));
    } finally {
      begin.disabled = false;
    }
  }

  return el('details', { class: 'setter' }, el('summary', {}, 'Export all values'),
    el('p', {}, 'A file with all values, their times and sources, which the command kad admin import and an import of kad state take. '
      + 'The command kad admin export is for stores that do not fit in a browser\u2019s memory.'),
    begin, state);
}

async function whole(body, tell) {
  const parts = [];
  let size = 0;
  for (const reader = body.getReader(); ;) {
    const { value, done } = await reader.read();
    if (done) return new Blob(parts, { type: 'application/json' });
    parts.push(value);
    tell(size += value.length);
  }
}

function save(content, name) {
  const address = URL.createObjectURL(content);
  el('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
