// htmx, set up once for the whole site.
import htmx from 'htmx.org';

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false, // the content security policy allows no inline styles
  disableInheritance: true, // an hx-* attribute is about its own element
  defaultSettleDelay: 0, // what has just come can be pressed at once
  historyCacheSize: 0, // a page of patients is not kept in the browser: Back asks the server
  refreshOnHistoryMiss: true,
  responseHandling: [
    { code: '204', swap: false },
    { code: '[23]..', swap: true },
    { code: '409|422', swap: true }, // a refusal, or a form with its errors
    { code: '...', swap: false, error: true },
  ],
});

document.addEventListener('htmx:configRequest', (event) => {
  const { headers, triggeringEvent } = event.detail;
  if (!triggeringEvent?.isTrusted && !headers['X-Touch']) headers['X-Background'] = '1'; // the page asks, nobody touched it
  if (event.detail.verb !== 'get') {
    event.detail.headers['X-CSRFToken'] = document.querySelector('meta[name="csrf-token"]').content;
  }
});

export default htmx;
