import { el, put, shown, table, load, field, confirm, notice, report } from '../lib/dom.js';
import { number } from '../lib/format.js';
import { read, post, remove } from '../lib/api.js';

const SCOPES = {
  read: 'get values, watch keys, find nodes',
  write: 'set values and end publications',
  view: 'look into what is held, tables and the audit log',
  manage: 'change what the console can change',
  keep: 'have signed items kept for their owners',
};

export function show(view, { session }) {
  const [done, form, list] = [el('div', { 'aria-live': 'polite' }), el('section', {}), el('section', {})];
  const open = () => load(list, async () => {
    const { file, obstacle, makingObstacle, tokens } = await read('tokens');
    const canChange = session.canManage && obstacle === null;
    if (!form.hasChildNodes()) {
      put(form, canChange && makingObstacle === null ? maker(session, make) : session.canManage && el('p', { class: 'notice' }, shown(obstacle ?? makingObstacle), ' ', el('a', { href: 'docs/manage.md#change-a-token' }, 'Change a token')));
    }
    return [
      file !== null && el('p', { class: 'quiet' }, 'Those of ', el('code', {}, shown(file)), session.subject.isCluster ? '. Each silo and edge reads a file of its own, so a change here is for this silo alone unless they share it.' : '.'),
      table('Tokens', ['Name', 'Scopes', { text: 'Requests a second', class: 'number' }, ...(canChange ? [''] : [])], tokens.map(token => [
        [shown(token.name), token.isYours && [' ', el('span', { class: 'mark' }, 'yours')]], token.scopes.join(', '), number(token.requestsPerSecond),
        ...(canChange ? [token.isInFile && el('button', { type: 'button', class: 'danger', 'aria-label': `End the token ${token.name}`, onclick: () => end(token) }, 'End…')] : [])])),
    ];
  });

  async function make(name, scopes, rate) {
    try {
      const made = await post('tokens', { name, scopes, requestsPerSecond: rate });
      const secret = el('input', { readonly: true, value: made.token, spellcheck: 'false', autocomplete: 'off', onfocus: event => event.target.select() });
      put(done, el('div', { class: 'notice info', role: 'status' },
        el('p', {}, 'The token ', el('strong', {}, shown(made.name)), ' is made. It is shown this once: copy it now, as only its hash is kept.'),
        field('The token', secret)));
      put(form);
      await open();
      secret.focus();
    } catch (failure) {
      put(done, notice(failure.message));
    }
  }

  const end = async ({ name, isYours }) => {
    if (!await confirm('End this token?', `${name} is refused from now on, and its sessions in browsers end${isYours ? ', this one too' : ''}. There is no way back.`, 'End')) return;
    await report(done, async () => {
      await remove(`tokens/${encodeURIComponent(name)}`);
      return `The token ${name} has ended.`;
    });
    if (!isYours) open();
  };

  put(view, el('p', { class: 'lead' }, 'Who may call this server, and log in here. Of a token that is made here the server keeps the hash alone.'), done, form, list);
  open();
}

// A token gives no more than it has.
function maker(session, make) {
  const name = el('input', { name: 'name', required: true, maxlength: 64, autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' });
  const rate = el('input', { name: 'rate', required: true, inputmode: 'numeric', pattern: '[0-9]{1,7}', maxlength: 7, value: '1000', autocomplete: 'off' });
  const scopes = session.scopes.map(scope => el('input', { type: 'checkbox', name: 'scope', value: scope, checked: scope === 'read' }));
  return el('details', { class: 'setter' }, el('summary', {}, 'New token'), el('form', {
    onsubmit: event => {
      event.preventDefault();
      make(name.value.trim(), scopes.filter(box => box.checked).map(box => box.value), Number(rate.value));
    },
  }, field('Name', name, 'Who gets it. Each program and person has its own.'),
  el('fieldset', {}, el('legend', {}, 'Scopes'), scopes.map(box => el('label', { class: 'choice' }, box, el('span', {}, el('strong', {}, box.value), ` ${SCOPES[box.value] ?? ''}`)))),
  field('Requests a second', rate), el('button', { class: 'main' }, 'Make')));
}
