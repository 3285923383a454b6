import { el, put, shown, table } from '../lib/dom.js';
import { number, plural } from '../lib/format.js';
import { watch } from '../lib/live.js';

export function show(view, { onLeave }) {
  const body = el('section', {});
  put(view, el('p', { class: 'lead' }, 'A node by itself, or the live edges of a cluster: each leases node ids and serves them over UDP.'), body);
  onLeave(watch(overview => {
    if (!overview) return;
    put(body,
      overview.nodeCount > overview.nodes.length && el('p', {}, `The first ${overview.nodes.length} of ${plural(overview.nodeCount, 'edge')}.`),
      overview.nodes.length === 0 && el('p', { class: 'empty' }, 'No edge is live: nothing is served to the network.'),
      overview.nodes.map(node => el('article', { class: 'card' },
        el('h2', {}, node.name ? shown(node.name) : 'This node', el('small', {}, plural(node.contacts, 'contact'))),
        table('Node ids', ['Node id', 'Listens on', ''], node.ids.map((text, place) => [
          el('code', { class: 'whole' }, text), shown(node.endpoints[place] ?? node.endpoints[0] ?? '–', { class: 'address' }),
          el('a', { href: `#/table/${text}` }, 'Routing table')])))));
  }));
}
