import { el, put, shown, id, table, load, field, select, confirm, notice, report } from '../lib/dom.js';
import { ago, bytes, plural, relative, time } from '../lib/format.js';
import { read, set, remove, keyPath } from '../lib/api.js';
import { pages } from '../lib/pages.js';
import { importer } from '../lib/importer.js';
import { exporter } from '../lib/exporter.js';
import { keyLink } from '../lib/keylink.js';

// What was typed as a key and is taken for an id.
const TYPED = 'typed';

const isId = text => /^[0-9a-f]{40}$/i.test(text);

const HOLDS = { value: ['holds it', 'good'], otherValue: ['holds another value', 'bad'], none: ['has none', ''], noResponse: ['no response', 'bad'] };

export function show(view, context) {
  const [kind, key, how] = context.rest;
  if (kind === 'text' && key) return showKey(view, context, key, {}, isId(key) && [
    'This is the key with that text. It looks like an id: ', el('a', { href: `#/keys/id/${key.toLowerCase()}` }, 'open the key with that id'), '.']);
  if (kind === 'id' && key) return showKey(view, context, key, { as: 'digest' }, how === TYPED && [
    'What you typed is an id. ', el('a', { href: `#/keys/text/${key}` }, 'Open the key with that text'), ' if you meant it as one.']);
  const sought = el('input', { name: 'sought', maxlength: 1024, placeholder: 'all', value: kind === 'prefix' ? key ?? '' : '', spellcheck: 'false', autocapitalize: 'off' });
  const name = el('input', { name: 'key', maxlength: 1024, required: true, spellcheck: 'false', autocapitalize: 'off' });
  const list = el('section', {});
  put(view,
    el('div', { class: 'forms' },
      el('form', { onsubmit: event => { event.preventDefault(); location.hash = addressOf(name.value); } },
        field('Open a key', name, 'Its text, as programs use it, or its id in 40 hexadecimal digits.'), el('button', { class: 'main' }, 'Open')),
      el('form', { onsubmit: event => { event.preventDefault(); scan(list, sought.value.trim()); } },
        field('List held keys', sought, 'A part of their texts, or the first hexadecimal digits of their ids.'), el('button', {}, 'List'))),
    el('div', { class: 'setters' },
      context.session.canManage && newValue(() => scan(list, sought.value.trim())),
      context.session.canManage && importer(context.onLeave),
      exporter(context.onLeave)),
    list);
  scan(list, sought.value);
}

const addressOf = typed => (isId(typed.trim()) ? `#/keys/id/${typed.trim().toLowerCase()}/${TYPED}` : `#/keys/text/${encodeURIComponent(typed)}`);

const HEADS = ['Key', 'Type', { text: 'Size', class: 'number' }, 'Set', 'Sent last', 'Expires', 'Source'];

const row = key => [keyLink(key), key.type, bytes(key.bytes), time(key.setAt), ago(key.storedAt), relative(key.expiresAt), shown(key.source)];

// What could be the beginning of an id may be a text, too.
function scan(list, sought) {
  const isPrefix = /^[0-9a-f]{0,40}$/i.test(sought);
  load(list, async () => {
    const [found, usage] = await Promise.all([
      sought === '' ? { keys: [] } : read('keys', { text: sought }),
      read('usage').catch(() => null),
    ]);
    const all = usage && ` Held in all: ${plural(usage.keys, 'key')}, ${bytes(usage.bytes)}${usage.missing.length > 0 ? ', without shards that did not respond' : ''}.`;
    const byText = found.keys.length > 0 && [el('h2', {}, found.isCut ? 'By text: the first' : 'By text'), table('Keys by text', HEADS, found.keys.map(row))];
    if (!isPrefix) {
      return [el('p', {}, `${plural(found.keys.length, 'key')} found${found.isCut ? ', and there may be more' : ''}.`, all), known(), byText || el('p', { class: 'empty' }, 'No key is held here whose text is this, or is known to contain it.')];
    }
    const byId = await pages('keys', { prefix: sought }, page => page.keys, (keys, isWhole) => [
      el('p', {}, `${plural(keys.length, 'key')}${isWhole ? '' : ' so far'}${sought === '' ? '' : `, with ids that begin with ${sought}`}.`, all),
      table('Held keys', HEADS, keys.map(row), 'No key with this prefix is held here.')]);
    return [known(), byText, byText && el('h2', {}, 'By id'), byId];
  });
}

const known = () => el('p', { class: 'quiet' }, 'A key is held by its id, which does not tell its text. Texts are known of keys that requests to this server named since it started.');

// A key of any text, and its value.
function newValue(done) {
  const key = el('input', { name: 'newKey', maxlength: 1024, required: true, autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' });
  const state = el('div', { 'aria-live': 'polite' });
  return el('div', {}, setter('New value', async (value, life) => {
    const text = key.value;
    let path;
    try {
      path = keyPath(text);
    } catch (failure) {
      return put(state, notice(failure.message));
    }
    await storeValue(state, path, {}, value, life, () => el('p', {}, el('a', { href: `#/keys/text/${encodeURIComponent(text)}` }, 'Open the key ', shown(text))));
    done();
  }, field('Key', key, 'Its text, as programs use it.')), state);
}

// Asks, stores a value, and says where it is.
async function storeValue(place, path, parameters, value, life, after = () => null) {
  if (!await confirm('Set this key?', 'The value goes to the nearest nodes, and replaces what they hold of the key.', 'Set')) return;
  let link = null;
  await report(place, async () => {
    const { stored, isHeld, isPublished } = await set(`${path}/value?${new URLSearchParams({ ...parameters, ...(life ? { life } : {}) })}`, value);
    const places = [isHeld && 'here', (stored > 0 || !isHeld) && `on ${plural(stored, 'other node')}`].filter(Boolean);
    link = after();
    return `Stored ${places.join(' and ')}${isPublished ? ', and published again each day' : ''}.`;
  });
  if (link) place.append(link);
}

function showKey(view, { session }, key, parameters, hint) {
  const body = el('section', {});
  const done = el('div', { 'aria-live': 'polite' });
  put(view, el('p', {}, el('a', { href: '#/keys' }, '← All keys')), hint && el('p', { class: 'notice' }, hint), done, session.canManage && setter('Set a value', (value, life) => store(value, life)), body);
  const path = keyPath(key);
  const open = () => load(body, async () => {
    const details = await read(path, parameters);
    const held = details.held;
    return [
      el('dl', { class: 'facts' },
        details.key !== null && [el('dt', {}, 'Key'), el('dd', {}, shown(details.key))],
        el('dt', {}, 'Id'), el('dd', {}, el('code', { class: 'whole' }, details.digest)),
        el('dt', {}, 'Here'), el('dd', {}, held ? `holds ${ARTICLES[held.value.type] ?? held.value.type}` : 'not held'),
        held && [el('dt', {}, 'Set'), el('dd', {}, time(held.setAt)), el('dt', {}, 'Sent here last'), el('dd', {}, time(held.storedAt), ` (${ago(held.storedAt)})`),
          el('dt', {}, held.keptUntil ? 'Kept for its owner until' : 'Expires'), el('dd', {}, time(held.expiresAt), ` (${relative(held.expiresAt)})`),
          el('dt', {}, 'Source'), el('dd', {}, shown(held.source)),
          held.value.item && itemFacts(held.value.item)],
        el('dt', {}, 'Published'), el('dd', {}, details.publishedAt ? ['last ', time(details.publishedAt)] : 'not from here')),
      held && [el('h2', {}, 'Value'), el('pre', { class: 'value', tabindex: '0' }, shown(held.value.item?.text ?? held.value.item?.value ?? held.value.text))],
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
    await storeValue(done, path, parameters, value, life);
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

// A signed item: whose it is, and whether it is what he signed.
const itemFacts = item => [
  el('dt', {}, 'Owner'), el('dd', {}, item.publicKey ? el('code', { class: 'whole' }, item.publicKey) : 'nobody: the key is the hash of the value'),
  item.publicKey && [
    el('dt', {}, 'Salt'), el('dd', {}, item.saltHex === '' ? 'none' : shown(item.salt ?? item.saltHex)),
    el('dt', {}, 'Number'), el('dd', {}, `${item.seq}${item.isEnd ? ', with which the owner ended it' : ''}`)],
  el('dt', {}, 'Signature'), el('dd', {}, el('span', { class: `mark ${item.verifies ? 'good' : 'bad'}` },
    !item.verifies ? 'does not hold' : item.publicKey ? 'holds' : 'none is needed'))];

const ARTICLES = { string: 'a text', int: 'a whole number', float: 'a number', bool: 'true or false', bytes: 'bytes' };

const TYPES = [['string', 'text'], ['int', 'whole number'], ['float', 'number'], ['bool', 'true or false'], ['bytes', 'bytes, in hexadecimal']];

// A value as the form has it, in JSON. The server says what is wrong with one that is no such value.
const typed = (type, text) => ({
  type,
  value: type === 'bool' && ['true', 'false'].includes(text) ? text === 'true'
    : type === 'float' && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text)
      : text,
});

function setter(title, store, ...first) {
  const type = select('type', TYPES, 'string');
  const value = el('textarea', { name: 'value', rows: 3, required: true, maxlength: 20000, spellcheck: 'false', autocapitalize: 'off' });
  const life = el('input', { name: 'life', inputmode: 'numeric', pattern: '[0-9]{1,8}', maxlength: 8, autocomplete: 'off' });
  return el('details', { class: 'setter' }, el('summary', {}, title), el('form', {
    onsubmit: event => {
      event.preventDefault();
      store(typed(type.value, value.value), life.value.trim());
    },
  }, first, field('Type', type), field('Value', value), field('Seconds to live', life, 'Empty: it is published again each day. Otherwise it replaces what strangers stored and what ends sooner.'),
  el('button', { class: 'main' }, 'Set…')));
}
