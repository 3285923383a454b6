// Calls the server under the session's cookie. Paths are relative, so that the console can stand behind a proxy.

let proof = null;

export class ApiError extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

// A body that is a text is JSON already.
async function send(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && proof) headers['Kad-Console'] = proof;
  let response;
  try {
    response = await fetch(path, { method, headers, body: typeof body === 'object' ? JSON.stringify(body) : body });
  } catch {
    throw new ApiError(0, 'The server does not respond.');
  }
  if (response.status === 401 && path !== 'session') dispatchEvent(new Event('session-ended'));
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

/** Posts to the management API: an object, or a text that is JSON already. */
export const post = (path, body) => send('POST', admin(path), body);

/** Puts to the management API. */
export const set = (path, body) => send('PUT', admin(path), body);

/** Deletes by the management API. */
export const remove = path => send('DELETE', admin(path));

async function keepProof(session) {
  proof = session.proof;
  return { ...session, canManage: session.scopes.includes('manage') };
}

/** The session there is; null without one. */
export async function session() {
  try {
    return await keepProof(await send('GET', 'session'));
  } catch (failure) {
    if (failure.status === 401) return null;
    throw failure;
  }
}

export const logIn = async token => keepProof(await send('POST', 'session', { token }));

export const logOut = () => send('DELETE', 'session');
