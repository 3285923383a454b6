import { el, put, shown, id, table, load, field, select, confirm, notice, report } from '../lib/dom.js';
import { bytes, time, relative, plural } from '../lib/format.js';
import { read, set, remove, keyPath } from '../lib/api.js';
import { pages } from '../lib/pages.js';
import { importer } from '../lib/importer.js';

const HOLDS = { value: ['holds it', 'good'], otherValue: ['holds another value', 'bad'], none: ['has none', ''], noResponse: ['no response', 'bad'] };

export function show(view, context) {
  const [kind, key] = context.rest;
  if (kind === 'text' && key) return showKey(view, context, key, {});
  if (kind === 'id' && key) return showKey(view, context, key, { as: 'digest' });
  const prefix = el('input', { name: 'prefix', maxlength: 40, pattern: '[0-9a-fA-F]*', placeholder: 'all', value: kind === 'prefix' ? key ?? '' : '', spellcheck: 'false', autocapitalize: 'off' });
  const name = el('input', { name: 'key', maxlength: 1024, required: true, spellcheck: 'false', autocapitalize: 'off' });
  const list = el('section', {});
  put(view,
    el('div', { class: 'forms' },
      el('form', { onsubmit: event => { event.preventDefault(); location.hash = `#/keys/text/${encodeURIComponent(name.value)}`; } },
        field('Open a key', name, 'Its text, as programs use it.'), el('button', { class: 'main' }, 'Open')),
      el('form', { onsubmit: event => { event.preventDefault(); scan(list, prefix.value.trim()); } },
        field('List held keys', prefix, 'First hexadecimal digits of their ids.'), el('button', {}, 'List'))),
    context.session.canManage && importer(context.onLeave),
    list);
  scan(list, prefix.value);
}

function scan(list, prefix) {
  load(list, () => pages('keys', { prefix }, page => page.keys, (keys, isWhole) => [
    el('p', {}, `${plural(keys.length, 'key')}${isWhole ? '' : ' so far'}.`),
    table('Held keys', ['Id', 'Type', { text: 'Size', class: 'number' }, 'Stored', 'Expires', 'Source'],
      keys.map(key => [el('a', { href: `#/keys/id/${key.digest}` }, id(key.digest, 16)), key.type, bytes(key.bytes),
        time(key.storedAt), relative(key.expiresAt), shown(key.source)]),
      'No key with this prefix is held here.')]));
}

function showKey(view, { session }, key, parameters) {
  const body = el('section', {});
  const done = el('div', { 'aria-live': 'polite' });
  put(view, el('p', {}, el('a', { href: '#/keys' }, '← All keys')), done, session.canManage && setter((value, life) => store(value, life)), body);
  const path = keyPath(key);
  const open = () => load(body, async () => {
    const details = await read(path, parameters);
    const held = details.held;
    return [
      el('dl', { class: 'facts' },
        details.key !== null && [el('dt', {}, 'Key'), el('dd', {}, shown(details.key))],
        el('dt', {}, 'Id'), el('dd', {}, el('code', { class: 'whole' }, details.digest)),
        el('dt', {}, 'Here'), el('dd', {}, held ? `${held.value.type}, held since ` : 'not held', held && time(held.storedAt)),
        held && [el('dt', {}, 'Expires'), el('dd', {}, time(held.expiresAt), ` (${relative(held.expiresAt)})`),
          el('dt', {}, 'Source'), el('dd', {}, shown(held.source))],
        el('dt', {}, 'Published'), el('dd', {}, details.publishedAt ? ['last ', time(details.publishedAt)] : 'not from here')),
      held && [el('h2', {}, 'Value'), el('pre', { class: 'value', tabindex: '0' }, shown(held.value.text))],
      el('div', { class: 'buttons' },
        el('a', { class: 'button', href: `#/lookup/value/digest/${details.digest}` }, 'Look it up in the network'),
        session.canManage && (held || details.publishedAt) && el('button', { type: 'button', class: 'danger', onclick: () => drop(details.digest) }, 'Delete…')),
      el('h2', {}, 'The nearest nodes'),
      details.networkProblem ? notice(details.networkProblem) : table('The nearest nodes', ['Id', 'Address', 'This key'],
        details.nearest.map(node => {
          const [words, kind] = HOLDS[node.holds] ?? [node.holds, ''];
          return [id(node.id, 16), shown(node.endpoint, { class: 'address' }), el('span', { class: `mark ${kind}` }, words)];
        }), 'No node of the network answered.'),
    ];
  });
  const store = async (value, life) => {
    if (!await confirm('Set this key?', 'The value goes to the nearest nodes, and replaces what they hold of the key.', 'Set')) return;
    await report(done, async () => {
      const { stored, isHeld, isPublished } = await set(`${path}/value?${new URLSearchParams({ ...parameters, ...(life ? { life } : {}) })}`, value);
      const places = [isHeld && 'here', (stored > 0 || !isHeld) && `on ${plural(stored, 'other node')}`].filter(Boolean);
      return `Stored ${places.join(' and ')}${isPublished ? ', and published again each day' : ''}.`;
    });
    open();
  };
  const drop = async digest => {
    if (!await confirm('Delete this key?',
      'It is removed from here and not published any more. Other nodes keep their copies until these expire, and may store it here again.', 'Delete')) return;
    await report(done, async () => {
      await remove(`keys/${digest}?as=digest`);
      return 'The key is deleted here.';
    });
    open();
  };
  open();
}

const TYPES = [['string', 'text'], ['int', 'whole number'], ['float', 'number'], ['bool', 'true or false'], ['bytes', 'bytes, in hexadecimal']];

// A value as the form has it, in JSON. The server says what is wrong with one that is no such value.
const typed = (type, text) => ({
  type,
  value: type === 'bool' && ['true', 'false'].includes(text) ? text === 'true'
    : type === 'float' && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text)
      : text,
});

function setter(store) {
  const type = select('type', TYPES, 'string');
  const value = el('textarea', { name: 'value', rows: 3, required: true, maxlength: 20000, spellcheck: 'false', autocapitalize: 'off' });
  const life = el('input', { name: 'life', inputmode: 'numeric', pattern: '[0-9]{1,8}', maxlength: 8, autocomplete: 'off' });
  return el('details', { class: 'setter' }, el('summary', {}, 'Set a value'), el('form', {
    onsubmit: event => {
      event.preventDefault();
      store(typed(type.value, value.value), life.value.trim());
    },
  }, field('Type', type), field('Value', value), field('Seconds to live', life, 'Empty: it is published again each day. Otherwise it replaces what strangers stored and what ends sooner.'),
  el('button', { class: 'danger' }, 'Set…')));
}
