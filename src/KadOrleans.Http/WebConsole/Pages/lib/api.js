// Calls the server under the session: its cookie, and its proof in a header. A browser sends the cookie to every port of this host. The
// proof is known to pages of this origin alone, which has a port. Paths are relative, so that the console can stand behind a proxy.

const PROOF = 'kad-console-proof';

export class ApiError extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/** Sends a request of the session. One that has ended is said by the event session-ended. */
export async function request(path, { headers = {}, ...options } = {}) {
  const proof = sessionStorage.getItem(PROOF);
  const response = await fetch(path, { ...options, headers: { ...headers, ...(proof && { 'Kad-Console': proof }) } });
  if (response.status === 401 && path !== 'session') end();
  return response;
}

function end() {
  sessionStorage.removeItem(PROOF);
  dispatchEvent(new Event('session-ended'));
}

// A body that is a text is JSON already.
async function send(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await request(path, { method, headers, body: typeof body === 'object' ? JSON.stringify(body) : body });
  } catch {
    throw new ApiError(0, 'The server does not respond.');
  }
  const text = await response.text();
  let json = null;
  try {
    json = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError(response.status, `The response is no JSON (status ${response.status}).`);
  }
  if (!response.ok) throw new ApiError(response.status, json?.detail ?? `The server responded with status ${response.status}.`);
  return json;
}

const admin = path => `../v1/admin/${path}`;

/** Reads from the management API. Parameters that are undefined or empty are left out. */
export function read(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== ''));
  return send('GET', admin(path) + (query.size ? `?${query}` : ''));
}

/** Reads the nodes with their counters. */
export const status = () => send('GET', '../v1/status');

/** The path of a key. Two texts are no name of anything in a path. */
export function keyPath(key) {
  if (key === '.' || key === '..') throw new ApiError(0, `A path cannot name the key ${key} by its text; name it by its id.`);
  return `keys/${encodeURIComponent(key)}`;
}

/** Posts to the management API: an object, or a text that is JSON already. */
export const post = (path, body) => send('POST', admin(path), body);

/** Puts to the management API. */
export const set = (path, body) => send('PUT', admin(path), body);

/** Deletes by the management API. */
export const remove = path => send('DELETE', admin(path));

const describe = ({ name, scopes, subject }) => ({ name, scopes, canManage: scopes.includes('manage'), subject });

/** The session that this tab has; null without one. */
export async function session() {
  if (!sessionStorage.getItem(PROOF)) return null;
  try {
    return describe(await send('GET', 'session'));
  } catch (failure) {
    if (failure.status === 401) return null;
    throw failure;
  }
}

/** Begins a session. The answer alone has its proof. */
export async function logIn(token) {
  const { proof, ...session } = await send('POST', 'session', { token });
  sessionStorage.setItem(PROOF, proof);
  return describe(session);
}

/** Begins the session of a user who comes back from the identity provider, by the code behind #. */
export async function redeem(code) {
  const { proof, ...session } = await send('POST', 'session', { code });
  sessionStorage.setItem(PROOF, proof);
  return describe(session);
}

/** What the identity provider is called; null without one. */
export async function provider() {
  try {
    return (await send('GET', 'provider')).name;
  } catch {
    return null;
  }
}

/** Ends the session of all tabs. */
export async function logOut() {
  try {
    await send('DELETE', 'session');
  } finally {
    sessionStorage.removeItem(PROOF);
  }
}
