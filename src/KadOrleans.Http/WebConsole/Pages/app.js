// The frame: login, navigation, and one page at a time by the part of the address behind #.

import { el, put, notice, shown } from './lib/dom.js';
import * as api from './lib/api.js';
import { watch, stop } from './lib/live.js';
import { strip } from './lib/strip.js';

// Each page is loaded when it is first opened.
const PAGES = [
  { path: '', title: 'Overview', module: './pages/overview.js' },
  { path: 'network', title: 'Network', module: './pages/network.js' },
  { path: 'table', title: 'Routing table', module: './pages/table.js' },
  { path: 'lookup', title: 'Try a lookup', module: './pages/lookup.js' },
  { path: 'keys', title: 'Keys', module: './pages/keys.js' },
  { path: 'publications', title: 'Publications', module: './pages/publications.js' },
  { path: 'usage', title: 'Usage', module: './pages/usage.js' },
  { path: 'nodes', title: 'Nodes', module: './pages/nodes.js' },
  { path: 'silos', title: 'Silos', module: './pages/silos.js', isCluster: true },
  { path: 'bans', title: 'Bans', module: './pages/bans.js' },
  { path: 'limits', title: 'Limits', module: './pages/limits.js' },
  { path: 'tokens', title: 'Tokens', module: './pages/tokens.js' },
  { path: 'contact', title: 'Contact', module: './pages/contact.js', isHidden: true },
  { path: 'audit', title: 'Audit log', module: './pages/audit.js' },
];

const NOWHERE = { path: null, title: 'No such page', module: './pages/nowhere.js' };

const app = document.getElementById('app');
let leave = [];
let turn = 0;

const CODE = '#sign-in=';

async function begin() {
  if (location.hash.startsWith(CODE)) return signIn(location.hash.slice(CODE.length));
  try {
    const session = await api.session();
    if (session) showFrame(session);
    else showLogin();
  } catch (failure) {
    put(app, el('main', { id: 'main', class: 'login' }, notice(failure.message)));
  }
}

// The code leaves the address before it is used: it is good once, and of no use in the history.
async function signIn(code) {
  history.replaceState(null, '', location.pathname + '#/');
  try {
    showFrame(await api.redeem(code));
  } catch (failure) {
    showLogin(failure.message);
  }
}

async function showProvider(place) {
  const name = await api.provider();
  if (name) put(place, el('a', { class: 'button', href: 'sign-in' }, 'Sign in with ', shown(name)));
}

function showLogin(sentence) {
  stop();
  const token = el('input', { id: 'token', name: 'token', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
  const problem = el('div', {}, sentence && notice(sentence, 'info'));
  const button = el('button', { type: 'submit', class: 'main' }, 'Log in');
  const provider = el('p', {});
  const form = el('form', {
    onsubmit: async event => {
      event.preventDefault();
      button.disabled = true;
      try {
        showFrame(await api.logIn(token.value));
      } catch (failure) {
        put(problem, notice(failure.message));
        token.select();
      } finally {
        button.disabled = false;
      }
    },
  }, el('div', { class: 'field' }, el('label', { for: 'token' }, 'Token'), token), problem, button);
  put(app, el('main', { id: 'main', class: 'login' },
    el('img', { src: 'icon.svg', alt: '', width: 48, height: 48 }),
    el('h1', {}, 'KadOrleans'),
    el('p', {}, 'A token with the scope view lets you look; with manage it lets you change.'),
    form,
    provider,
    el('p', { class: 'quiet' }, 'A node, and a server that runs alone, writes its own token to the file http-token in its data folder. ',
      'The command kad token add makes others.')));
  document.title = 'Log in · KadOrleans';
  token.focus();
  showProvider(provider);
}

function showFrame(session) {
  const { subject } = session;
  const links = PAGES.filter(page => !page.isHidden && (subject.isCluster || !page.isCluster)).map(page => el('a', { href: `#/${page.path}` }, page.title));
  const state = el('span', { class: 'state', role: 'status' }, 'connecting…');
  const main = el('main', { id: 'main', tabindex: '-1' });
  put(app,
    el('header', { class: 'top' },
      el('a', { class: 'brand', href: '#/' }, el('img', { src: 'icon.svg', alt: '', width: 24, height: 24 }), 'KadOrleans'),
      state,
      el('span', { class: 'who' }, shown(session.name), session.canManage ? '' : ' (view only)'),
      el('button', { type: 'button', class: 'quiet', onclick: logOut }, 'Log out')),
    strip(el('nav', { 'aria-label': 'Pages' }, links,
      el('a', { class: 'away', href: 'docs/runbook.md' }, 'Runbook'),
      subject.dashboard && el('a', { class: 'away', href: subject.dashboard, target: '_blank', rel: 'noopener' }, 'Orleans dashboard', el('span', { class: 'hidden' }, ' (opens another tab)')))),
    main);
  watch((overview, isConnected) => {
    state.className = `state ${!isConnected ? 'away' : overview?.isReady ? 'good' : 'bad'}`;
    state.textContent = !isConnected ? 'not connected' : overview.isReady ? 'ready' : 'not ready';
  });
  onhashchange = () => open(session, links, main);
  open(session, links, main, true);
}

async function open(session, links, main, isFirst = false) {
  const [path, ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  if (location.hash === '#main') return main.focus();
  const page = PAGES.find(one => one.path === path) ?? NOWHERE;
  const mine = ++turn;
  leave.forEach(end => end());
  leave = [];
  for (const link of links) {
    const isThis = link.getAttribute('href') === `#/${page.path}`;
    if (!isThis) link.removeAttribute('aria-current');
    else {
      link.setAttribute('aria-current', 'page');
      link.scrollIntoView({ block: 'nearest', inline: 'center' });
    }
  }
  document.title = `${page.title} · KadOrleans`;
  const view = el('div', { class: 'page' });
  try {
    const { show } = await import(page.module);
    if (mine !== turn) return;
    put(main, el('h1', {}, page.title), view);
    show(view, { session, rest: rest.map(decodeURIComponent), onLeave: end => leave.push(end) });
  } catch (failure) {
    put(main, notice(failure.message));
  }
  if (!isFirst) main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

async function logOut() {
  try {
    await api.logOut();
  } catch {
    // The session may have ended already.
  }
  onhashchange = null;
  showLogin('You are logged out.');
}

addEventListener('session-ended', () => {
  onhashchange = null;
  leave.forEach(end => end());
  leave = [];
  showLogin('The session has ended; log in again.');
});

begin();
