// What was pressed says that it is at work (aria-busy), and does not work twice.

const parts = (event) => [event.detail.elt, event.detail.requestConfig.triggeringEvent?.submitter].filter(Boolean);

document.addEventListener('htmx:beforeRequest', (event) => {
  if (event.detail.elt.ariaBusy === 'true') event.preventDefault();
  else for (const part of parts(event)) part.ariaBusy = 'true';
});

document.addEventListener('htmx:afterRequest', (event) => {
  for (const part of parts(event)) part.ariaBusy = null;
});

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
