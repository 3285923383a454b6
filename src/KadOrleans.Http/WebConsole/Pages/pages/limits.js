import { el, put, shown, table, load, field, confirm, report } from '../lib/dom.js';
import { time, number, bytes } from '../lib/format.js';
import { bar } from '../lib/charts.js';
import { read, set, remove } from '../lib/api.js';

export function show(view, { session }) {
  const list = el('section', {});
  const done = el('div', { 'aria-live': 'polite' });
  const name = el('select', { name: 'limit' });
  const value = el('input', { name: 'value', required: true, inputmode: 'numeric', pattern: '[0-9]{1,16}', maxlength: 16, autocomplete: 'off' });
  const hint = el('p', { class: 'quiet' });
  let limits = [];
  const chosen = () => limits.find(limit => limit.name === name.value);
  const explain = () => {
    const limit = chosen();
    if (!limit) return;
    put(hint, `${number(limit.least)} to ${number(limit.most)} ${limit.unit}${limit.unit === 'bytes per second' ? ', or 0 for no bound' : ''}.`);
    value.value = limit.value ?? '';
  };
  const open = () => load(list, async () => {
    const [result, usage] = await Promise.all([read('limits'), read('usage').catch(() => null)]);
    const before = name.value;
    limits = result.limits;
    put(name, limits.map(limit => el('option', { value: limit.name, selected: limit.name === before }, limit.name)));
    explain();
    const { missing } = result;
    return [
      missing.length > 0 && el('div', { class: 'notice' }, 'These do not follow all limits yet: ', missing.map((one, place) => [place > 0 && ', ', shown(one)]),
        '. Silos ask for them each 15 s, edges each 10 s.'),
      table('Limits', ['Limit', { text: 'In force', class: 'number' }, { text: 'Setting', class: 'number' }, 'Unit', 'Used', 'Changed', ...(session.canManage ? [''] : [])], limits.map(limit => [
        limit.name, amount(limit.value, limit), amount(limit.setting, limit), limit.unit, used(limit, usage), limit.since ? time(limit.since) : '',
        ...(session.canManage ? [limit.since && el('button', { type: 'button', 'aria-label': `Set back: ${limit.name}`, onclick: () => change(() => remove(path(limit.name)), `${limit.name} is as the setting says.`) }, 'Set back')] : [])])),
    ];
  });
  const change = async (call, words) => {
    await report(done, async () => {
      const { missing } = await call();
      return `${words}${missing.length > 0 ? ` Who does not follow it yet: ${missing.join(', ')}.` : ''}`;
    });
    open();
  };
  name.addEventListener('change', explain);
  put(view,
    el('p', { class: 'lead' }, 'A changed limit holds in place of the setting, after restarts too, until it is set back. A quota below what is held refuses further keys and removes none.'),
    session.canManage && el('form', {
      class: 'row',
      onsubmit: async event => {
        event.preventDefault();
        const [limit, given] = [name.value, value.value.trim()];
        if (await confirm('Change this limit?', `${limit} becomes ${given} ${chosen()?.unit ?? ''}.`, 'Change')) change(() => set(path(limit), `{"value":${given.replace(/^0+(?=.)/, '')}}`), `${limit} is ${given}.`);
      },
    }, field('Limit', name), field('Value', value), el('button', { class: 'main' }, 'Change…')),
    session.canManage && hint,
    done, list);
  open();
}

const path = name => `limits/${encodeURIComponent(name)}`;

// Of what is held in all, which the usage counts.
const HELD = { totalKeys: 'keys', totalBytes: 'bytes', keptKeys: 'kept' };

function used({ name, value, unit }, usage) {
  if (!usage || !HELD[name] || !value) return null;
  const held = usage[HELD[name]];
  const part = `${((held / value) * 100).toFixed(held > 0 && held < value / 10 ? 1 : 0)} %`;
  return [unit === 'bytes' ? bytes(held) : number(held), `, ${part}`, usage.missing?.length > 0 && ', without shards that did not respond', bar(held, value, `${part} of ${name}`)];
}

// Each edge of a cluster has a setting of its own for some. An upload of 0 has no bound.
const figure = (value, unit) => value === 0 && unit === 'bytes per second' ? 'no bound'
  : unit.startsWith('bytes') && value >= 10000 ? [number(value), el('div', { class: 'quiet' }, `${bytes(value)}${unit === 'bytes' ? '' : '/s'}`)] : number(value);

const amount = (value, { unit, usual }) => value === null ? [figure(usual, unit), el('div', { class: 'quiet' }, 'on edges without a setting')] : figure(value, unit);
