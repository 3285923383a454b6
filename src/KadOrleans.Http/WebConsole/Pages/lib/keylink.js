// A link to a key: its text where it is known, else its id.

import { el, id, shown } from './dom.js';

const MOST = 80;

export const keyLink = ({ key, digest }) => el('a', { href: `#/keys/id/${digest}` },
  key === null ? id(digest, 16) : [shown(key.length > MOST ? `${key.slice(0, MOST)}…` : key), ' ', el('small', {}, id(digest, 8))]);
