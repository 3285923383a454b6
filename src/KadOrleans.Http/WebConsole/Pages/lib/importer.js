// Stores many values from a file of JSON lines.

import { el, put, shown, field, confirm, notice } from './dom.js';
import { bytes, number, plural } from './format.js';
import { bar } from './charts.js';
import { post } from './api.js';

// A request's operations count against the token's rate. 64 of the longest values are within its body.
const BATCH = 64;
const MOST_BYTES = 32_000_000;
const MOST_LISTED = 20;

/** A form that reads a file, sends its lines and says what came of them. `onLeave` takes what ends it. */
export function importer(onLeave) {
  const file = el('input', { name: 'file', type: 'file', required: true, accept: '.jsonl,.json,.txt' });
  const button = el('button', { class: 'main' }, 'Import…');
  const state = el('div', { 'aria-live': 'polite' });
  let isStopped = false;
  onLeave(() => { isStopped = true; });

  async function run() {
    const chosen = file.files[0];
    let operations;
    try {
      operations = parse(await content(chosen));
    } catch (failure) {
      return put(state, notice(failure.message));
    }
    if (!await confirm('Import these values?',
      `${plural(operations.length, 'value')} of ${chosen.name} go to the nodes nearest to their keys, and replace what these hold of them.`, 'Import')) return;
    isStopped = false;
    const failures = [];
    let stored = 0;
    for (let at = 0; at < operations.length && !isStopped; at += BATCH) {
      tell(at, operations.length);
      const batch = operations.slice(at, at + BATCH);
      try {
        const { results } = await post('keys:batch', `{"operations":[${batch.map(one => one.json).join()}]}`);
        for (const [place, result] of results.entries()) {
          if (result.status === 200) stored++;
          else failures.push(`Line ${batch[place].line}: ${result.problem}`);
        }
      } catch (failure) {
        failures.push(`Lines ${batch[0].line} to ${batch.at(-1).line} and all after them: ${failure.message}`);
        break;
      }
    }
    put(state, notice(`${plural(stored, 'value')} of ${number(operations.length)} ${stored === 1 ? 'was' : 'were'} stored${isStopped ? ' before the import was stopped' : ''}.`,
      failures.length > 0 ? 'error' : 'info'),
    failures.length > 0 && el('ul', {}, failures.slice(0, MOST_LISTED).map(failure => el('li', {}, shown(failure)))),
    failures.length > MOST_LISTED && el('p', {}, `${number(failures.length - MOST_LISTED)} more failed.`));
  }

  const tell = (done, all) => put(state,
    bar(done, all, `${number(done)} of ${number(all)} values are sent`),
    el('p', {}, `${number(done)} of ${number(all)} values are sent.`),
    el('button', { type: 'button', onclick: () => { isStopped = true; } }, 'Stop'));

  return el('details', { class: 'setter' }, el('summary', {}, 'Import many values'), el('form', {
    onsubmit: async event => {
      event.preventDefault();
      button.disabled = true;
      await run().finally(() => { button.disabled = false; });
    },
  }, field('File', file, 'JSON lines, such as {"key":"greeting","value":"hello"}, with "type", "life" or "as" as in a batch.'), button, state));
}

async function content(chosen) {
  if (chosen.size > MOST_BYTES) throw new Error(`The file has ${bytes(chosen.size)}; at most ${bytes(MOST_BYTES)} are allowed here. The command kad admin import takes more.`);
  return chosen.text();
}

// Lines stay the text that they are: numbers beyond 2^53 would lose digits.
function parse(text) {
  const operations = [];
  for (const [place, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const entry = object(line);
    if (entry === null) throw new Error(`Line ${place + 1} is no JSON object. Nothing was stored.`);
    if ('op' in entry) throw new Error(`Line ${place + 1} has "op"; each line of an import is a put. Nothing was stored.`);
    const rest = line.trim().slice(1);
    operations.push({ line: place + 1, json: `{"op":"put"${Object.keys(entry).length > 0 ? ',' : ''}${rest}` });
  }
  if (operations.length === 0) throw new Error('The file has no lines.');
  return operations;
}

function object(line) {
  try {
    const entry = JSON.parse(line);
    return typeof entry === 'object' && !Array.isArray(entry) ? entry : null;
  } catch {
    return null;
  }
}
