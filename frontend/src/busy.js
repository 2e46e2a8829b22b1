// What was pressed says that it is at work (aria-busy), and does not work twice.
import htmx from './htmx.js';

const parts = (event) => [event.detail.elt, event.detail.requestConfig.triggeringEvent?.submitter].filter(Boolean);

document.addEventListener('htmx:beforeRequest', (event) => {
  if (event.detail.elt.ariaBusy === 'true') event.preventDefault();
  else for (const part of parts(event)) part.ariaBusy = 'true';
});

document.addEventListener('htmx:afterRequest', (event) => {
  for (const part of parts(event)) part.ariaBusy = null;
});

/** Before a part is taken off the page: what it was asking for no longer matters. What it was saving goes on. */
export function stopAsking(part) {
  for (const each of part.querySelectorAll('[hx-get][aria-busy="true"]')) htmx.trigger(each, 'htmx:abort');
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post') return; // htmx has it, or it only asks
  if (form.ariaBusy === 'true') event.preventDefault();
  else for (const part of [form, event.submitter].filter(Boolean)) part.ariaBusy = 'true';
});

addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const part of document.querySelectorAll('[aria-busy="true"]')) part.ariaBusy = null; // Back, from the cache
});
