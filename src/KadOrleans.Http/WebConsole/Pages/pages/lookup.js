import { el, put, shown, id, svg, table, field, select, notice } from '../lib/dom.js';
import { milliseconds, plural } from '../lib/format.js';
import { post } from '../lib/api.js';

const RESULTS = {
  contacts: 'answered with contacts',
  value: 'answered with a value',
  unproved: 'answered, but did not prove its id',
  failed: 'did not answer',
  unresponsive: 'did not answer in its usual time; others were asked instead',
  pending: 'the lookup ended first',
};

export function show(view, { rest }) {
  const kind = select('kind', [['node', 'the nearest nodes'], ['value', 'a value']], rest[0] ?? 'node');
  const as = select('as', [['text', 'a key as text'], ['digest', 'an id, 40 digits']], rest[1] ?? 'text');
  const target = el('input', { name: 'target', required: true, maxlength: 1024, value: rest[2] ?? '', spellcheck: 'false', autocapitalize: 'off' });
  const button = el('button', { type: 'submit', class: 'main' }, 'Look up');
  const body = el('section', { 'aria-live': 'polite' });
  const form = el('form', {
    class: 'row',
    onsubmit: async event => {
      event.preventDefault();
      button.disabled = true;
      put(body, el('p', { class: 'empty' }, 'Asking the network…'));
      try {
        put(body, draw(await post('lookups', { target: target.value, as: as.value, kind: kind.value })));
      } catch (failure) {
        put(body, notice(failure.message));
      } finally {
        button.disabled = false;
      }
    },
  }, field('Look for', kind), field('The target is', as), field('Target', target), button);
  put(view, el('p', { class: 'lead' }, 'Asks the network now, and shows whom it asked, who had named them, and what they answered.'), form, body);
  if (rest[2]) form.requestSubmit();
  else target.focus({ preventScroll: true });
}

function draw(lookup) {
  const closest = new Set(lookup.closest);
  return [
    el('p', { class: `health ${['converged', 'valueFound'].includes(lookup.reason) ? 'good' : 'bad'}` },
      el('strong', {}, { converged: 'Nodes found', valueFound: 'Value found' }[lookup.reason] ?? 'Not found'), shown(lookup.sentence[0].toUpperCase() + lookup.sentence.slice(1))),
    lookup.value && el('pre', { class: 'value', tabindex: '0' }, shown(lookup.value.text)),
    el('dl', { class: 'facts' },
      el('dt', {}, 'Target'), el('dd', {}, el('code', { class: 'whole' }, lookup.target)),
      el('dt', {}, 'From'), el('dd', {}, el('code', { class: 'whole' }, lookup.from)),
      el('dt', {}, 'Took'), el('dd', {}, milliseconds(lookup.milliseconds)),
      lookup.value && [el('dt', {}, 'Vote'), el('dd', {}, `${lookup.agreed} for this value, ${lookup.differed} for others`)]),
    lookup.queries.length > 0 && [el('h2', {}, 'Hop by hop'), hops(lookup, closest), legend()],
    el('h2', {}, plural(lookup.queries.length, 'query').replace('querys', 'queries')),
    table('Queries', [{ text: '#', class: 'number' }, 'Contact', 'Address', { text: 'Bits', class: 'number' }, 'Named by', 'Answer', { text: 'Time', class: 'number' }, 'When'],
      lookup.queries.map((query, place) => [
        String(place + 1),
        [id(query.id), closest.has(query.id) && el('span', { class: 'mark good', title: 'One of the nearest that answered' }, 'near')],
        shown(query.endpoint, { class: 'address' }), String(query.sharedPrefixBits),
        query.namedBy === null ? el('span', { class: 'address' }, 'own table') : `#${query.namedBy + 1}`,
        el('span', { class: `mark ${query.result}` }, answer(query)),
        milliseconds(query.took), span(query, lookup.milliseconds)]), 'Nobody was asked: the table has no contact.'),
  ];
}

function answer(query) {
  return query.result === 'contacts' ? plural(query.named, 'contact') : query.result === 'value' ? ['value ', shown(query.value.text.slice(0, 40))] : RESULTS[query.result];
}

// When a query was under way, within the time of the whole lookup.
function span(query, whole) {
  const end = query.took === null ? whole : query.sentAt + query.took;
  const x = (query.sentAt / Math.max(whole, 0.001)) * 100;
  return svg('svg', { class: 'span', viewBox: '0 0 100 8', preserveAspectRatio: 'none', role: 'img', 'aria-label': `sent after ${milliseconds(query.sentAt)}` },
    svg('rect', { class: 'whole', width: 100, height: 8 }),
    svg('rect', { class: query.result, x: Math.min(x, 98), width: Math.max(2, ((end - query.sentAt) / Math.max(whole, 0.001)) * 100), height: 8 }));
}

const COLUMN = 215;
const LABEL = 108;
const ROW = 26;
const TOP = 34;

// One column for each hop, the contacts nearest to the target on top, and a line from who named whom.
function hops(lookup, closest) {
  const columns = new Map();
  lookup.queries.forEach((query, place) => columns.set(query.hops, [...(columns.get(query.hops) ?? []), place]));
  const order = [...columns.keys()].sort((one, other) => one - other);
  const spots = new Map();
  order.forEach((hop, column) => columns.get(hop)
    .sort((one, other) => lookup.queries[other].sharedPrefixBits - lookup.queries[one].sharedPrefixBits || one - other)
    .forEach((place, row) => spots.set(place, { x: 100 + COLUMN * (column + 1) - 70, y: TOP + ROW * row + ROW / 2 })));
  const tallest = Math.max(...[...columns.values()].map(column => column.length));
  const [width, height] = [100 + COLUMN * (order.length + 1) - 90, TOP + ROW * tallest + 10];
  const from = { x: 40, y: TOP + ROW / 2 };
  const lines = lookup.queries.map((query, place) => {
    const [begin, end] = [query.namedBy === null ? from : spots.get(query.namedBy) ?? from, spots.get(place)];
    const x = begin.x + (begin === from ? 0 : LABEL);
    const middle = (x + end.x) / 2;
    return svg('path', { class: `edge ${query.result}`, d: `M${x} ${begin.y}C${middle} ${begin.y} ${middle} ${end.y} ${end.x} ${end.y}` });
  });
  const nodes = lookup.queries.map((query, place) => {
    const { x, y } = spots.get(place);
    const words = `#${place + 1} ${query.id} at ${query.endpoint}: ${RESULTS[query.result]}${query.result === 'contacts' ? ` (${query.named})` : ''}, ${milliseconds(query.took)}, shares ${query.sharedPrefixBits} bits with the target`;
    return svg('g', { class: `hop ${query.result}${closest.has(query.id) ? ' near' : ''}`, tabindex: '0', role: 'img', 'aria-label': words },
      svg('title', {}, words),
      svg('circle', { cx: x, cy: y, r: closest.has(query.id) ? 7 : 5 }),
      svg('text', { x: x + 11, y: y + 4 }, `${query.id.slice(0, 6)} · ${milliseconds(query.took)}`));
  });
  return el('div', { class: 'scroll drawing', tabindex: '0', role: 'region', 'aria-label': 'The lookup hop by hop' },
    svg('svg', { class: 'hops', width, height, viewBox: `0 0 ${width} ${height}` },
      svg('text', { class: 'head', x: from.x, y: 18, 'text-anchor': 'middle' }, 'asks'),
      order.map((hop, column) => svg('text', { class: 'head', x: 100 + COLUMN * (column + 1) - 70, y: 18 }, hop === 1 ? 'own table' : `hop ${hop}`)),
      lines,
      svg('circle', { class: 'self', cx: from.x, cy: from.y, r: 9 }),
      nodes));
}

const legend = () => el('ul', { class: 'legend' }, Object.entries(RESULTS).map(([kind, words]) => el('li', { class: kind }, words)),
  el('li', { class: 'near' }, 'large: one of the nearest that answered'));
