// The book on a page (data-feed) keeps up with what other desks do: asked every few seconds while it is seen, and after
// each act of our own ("appointment-changed"). What is new goes to the calendar ("book-fed"), and then the parts beside it
// ask for themselves ("book-changed"): in this order, so that no part is older than the calendar and stays so.
import htmx from './htmx.js';
import { showOffline } from './messages.js';

const every = 5_000;
const patience = 2; // answers that may fail before it is said
const longest = 10_000; // for an answer: one that never comes stops nothing
const book = document.querySelector('[data-feed]');
const stale = document.getElementById('stale');
const gone = [401, 403, 404]; // signed out, or not hers any more: asking again is no use

let tag = book?.dataset.feedTag;
let failed = 0;
let asking; // the question under way

const ask = () =>
  fetch(book.dataset.feed, {
    cache: 'no-store',
    headers: { Accept: 'application/json', 'If-None-Match': tag, 'X-Background': '1' },
    signal: AbortSignal.timeout(longest),
  });

/** The feed if it is new. */
async function news() {
  const answer = await ask().catch(() => null);
  showOffline(!answer);
  if (!answer) return null;
  if (answer.status === 423) htmx.trigger(document.body, 'locked');
  const good = answer.ok || answer.status === 304;
  failed = good ? 0 : failed + 1;
  stale.hidden = good || (failed < patience && !gone.includes(answer.status));
  if (gone.includes(answer.status)) clearInterval(timer);
  const feed = answer.ok && (await answer.json().catch(() => null)); // cut off: the next question gets it whole
  if (feed) tag = answer.headers.get('ETag');
  return feed && { feed, server: Date.parse(answer.headers.get('Date')) };
}

async function look(ours) {
  const detail = book && (await news());
  if (detail) document.body.dispatchEvent(new CustomEvent('book-fed', { detail }));
  if (detail || ours) htmx.trigger(document.body, 'book-changed');
}

/** `ours`: something was done here, so everything is asked anew, after what is being asked now. */
export function keepUp(ours = false) {
  if (asking && !ours) return asking;
  const mine = Promise.resolve(asking)
    .then(() => look(ours))
    .finally(() => asking === mine && (asking = null));
  asking = mine;
  return mine;
}

// A part that is to ask again does not wait for what it is asking: that is older, and htmx drops the second question once the
// answer to the first has taken the part's place.
for (const changed of ['appointment-changed', 'book-changed']) {
  document.addEventListener(
    changed,
    () => {
      for (const part of document.querySelectorAll(`[hx-trigger*="${changed}"][aria-busy="true"]`)) htmx.trigger(part, 'htmx:abort');
    },
    true, // before the part itself hears of it
  );
}

// An act whose answer is a part of another address (a redirect) can't say that it changed something.
document.addEventListener('htmx:afterRequest', ({ detail: { successful, requestConfig, xhr } }) => {
  const elsewhere = successful && requestConfig.verb === 'post' && new URL(xhr.responseURL).pathname !== new URL(requestConfig.path, location).pathname;
  if (elsewhere) htmx.trigger(document.body, 'appointment-changed');
});

const whenSeen = () => document.hidden || keepUp();

let timer;
document.body.addEventListener('appointment-changed', () => keepUp(true));
if (book) {
  timer = setInterval(whenSeen, every);
  document.addEventListener('visibilitychange', whenSeen);
  addEventListener('online', whenSeen);
}
