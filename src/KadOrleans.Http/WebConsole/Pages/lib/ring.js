// The id space, or a part of it, as a ring: counts in 256 pieces, or single nodes as dots. Each sixteenth can be opened.

import { svg } from './dom.js';
import { number, plural } from './format.js';

const SIZE = 420;
const BASE = 128;
const HIGHEST = 58;
const LABEL = 100;

const at = (turn, radius) => {
  const angle = turn * 2 * Math.PI - Math.PI / 2;
  return [SIZE / 2 + radius * Math.cos(angle), SIZE / 2 + radius * Math.sin(angle)];
};

const point = (turn, radius) => at(turn, radius).map(value => value.toFixed(1)).join(' ');

function piece(begin, end, inner, outer) {
  return `M${point(begin, inner)}L${point(begin, outer)}A${outer} ${outer} 0 0 1 ${point(end, outer)}L${point(end, inner)}A${inner} ${inner} 0 0 0 ${point(begin, inner)}Z`;
}

/** Where an id lies within the ids of a prefix: 0 to 1. */
export function turnOf(id, prefix) {
  return parseInt(id.slice(prefix.length, prefix.length + 6).padEnd(6, '0'), 16) / 0x1000000;
}

/**
 * Draws a map.
 * @param map prefix, cells (reachable and unreachable in 256 pieces), and nodes if they are few.
 * @param open called with a longer prefix.
 * @param choose called with a node.
 */
export function ring(map, open, choose) {
  const most = Math.max(1, ...map.cells.map(cell => cell.reachable + cell.unreachable));
  const reachable = map.cells.reduce((sum, cell) => sum + cell.reachable, 0);
  return svg('svg', { class: 'ring', viewBox: `0 0 ${SIZE} ${SIZE}`, role: 'group', 'aria-label': `The ids ${map.prefix ? `that begin with ${map.prefix}` : 'of the network'}, as a ring` },
    svg('circle', { class: 'base', cx: SIZE / 2, cy: SIZE / 2, r: BASE }),
    map.nodes ? null : bars(map.cells, most),
    sixteenths(map, open),
    map.nodes && dots(map, choose),
    svg('text', { class: 'big', x: SIZE / 2, y: SIZE / 2 + 4, 'text-anchor': 'middle' }, number(reachable)),
    svg('text', { class: 'small', x: SIZE / 2, y: SIZE / 2 + 24, 'text-anchor': 'middle' }, reachable === 1 ? 'node' : 'nodes'),
    map.prefix && svg('text', { class: 'small', x: SIZE / 2, y: SIZE / 2 - 30, 'text-anchor': 'middle' }, `${map.prefix.slice(0, 12)}…`));
}

function bars(cells, most) {
  return cells.map((cell, place) => {
    const [begin, end] = [(place + 0.08) / 256, (place + 0.92) / 256];
    const middle = BASE + 2 + (cell.reachable / most) * HIGHEST;
    const top = middle + (cell.unreachable / most) * HIGHEST;
    return [
      cell.reachable > 0 && svg('path', { class: 'live', d: piece(begin, end, BASE + 2, middle) }),
      cell.unreachable > 0 && svg('path', { class: 'gone', d: piece(begin, end, middle, top) }),
    ];
  });
}

function sixteenths(map, open) {
  return [...Array(16).keys()].map(digit => {
    const cells = map.cells.slice(digit * 16, digit * 16 + 16);
    const [live, gone] = [cells.reduce((sum, cell) => sum + cell.reachable, 0), cells.reduce((sum, cell) => sum + cell.unreachable, 0)];
    const words = `${map.prefix}${digit.toString(16)}…: ${plural(live, 'node')}, ${number(gone)} unreachable`;
    const go = () => open(map.prefix + digit.toString(16));
    const [x, y] = at((digit + 0.5) / 16, LABEL);
    return svg('g', {
      class: 'sixteenth', tabindex: live + gone > 0 ? '0' : null, role: 'button', 'aria-label': words, 'aria-disabled': live + gone === 0 ? 'true' : null,
      onclick: live + gone > 0 ? go : null,
      onkeydown: event => { if (live + gone > 0 && (event.key === 'Enter' || event.key === ' ')) { event.preventDefault(); go(); } },
    }, svg('title', {}, words),
    svg('path', { class: 'hit', d: piece(digit / 16, (digit + 1) / 16, 74, BASE + HIGHEST + 20) }),
    svg('text', { x, y: y + 4, 'text-anchor': 'middle' }, digit.toString(16)));
  });
}

function dots(map, choose) {
  return map.nodes.map(node => {
    const [x, y] = at(turnOf(node.id ?? node.otherIds[0] ?? '0', map.prefix), BASE);
    const words = `${node.id ?? 'no id'} at ${node.endpoint}${node.reachable ? '' : ', unreachable'}`;
    return svg('circle', { class: `node ${node.reachable ? 'live' : 'gone'}`, cx: x, cy: y, r: 6, onclick: () => choose(node) }, svg('title', {}, words));
  });
}
