// Keys on an appointment, in the grid, agenda and list alike: [data-card-key] says which, and what address under the
// appointment's own it asks ([data-act]), in the dialog or by a post ([data-method]).
import htmx from './htmx.js';
import { keysAreOff } from './keys-off.js';

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || keysAreOff() || !target.matches?.('a.who')) return;
  const act = document.querySelector(`[data-card-key="${CSS.escape(key.toLowerCase())}"][data-act]`);
  if (!act) return;
  event.preventDefault();
  const { pathname } = new URL(act.dataset.act, target.href);
  if (act.dataset.method === 'post') htmx.ajax('POST', pathname, { swap: 'none' });
  else htmx.ajax('GET', pathname, { target: '#dialog', swap: 'innerHTML' });
});
