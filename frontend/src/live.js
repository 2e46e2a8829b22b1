// The book on a page (data-feed) keeps up with what other desks do: asked every few seconds while it is seen, and after
// each act of our own. What is new goes to the calendar ("book-fed"); the parts beside it ask for themselves ("book-changed").
import htmx from './htmx.js';
import { showOffline } from './messages.js';

const every = 5_000;
const patience = 2; // answers that may fail before it is said
const book = document.querySelector('[data-feed]');
const stale = document.getElementById('stale');
const gone = [401, 403, 404]; // signed out, or not hers any more: asking again is no use

let tag = book?.dataset.feedTag;
let failed = 0;
let asking; // the question under way

const ask = () =>
  fetch(book.dataset.feed, { cache: 'no-store', headers: { Accept: 'application/json', 'If-None-Match': tag } });

async function look(ours) {
  const answer = await ask().catch(() => null);
  showOffline(!answer);
  if (!answer) return;
  const good = answer.ok || answer.status === 304;
  failed = good ? 0 : failed + 1;
  stale.hidden = good || (failed < patience && !gone.includes(answer.status));
  if (gone.includes(answer.status)) clearInterval(timer);
  if (!answer.ok) return;
  tag = answer.headers.get('ETag');
  const feed = await answer.json();
  const server = Date.parse(answer.headers.get('Date'));
  document.body.dispatchEvent(new CustomEvent('book-fed', { detail: { feed, server } }));
  if (!ours) htmx.trigger(document.body, 'book-changed'); // somebody else did something
}

/** After an act of ours the parts beside the book have asked for themselves already. */
export async function keepUp(ours = false) {
  if (asking && !ours) return;
  await asking;
  asking = look(ours);
  await asking;
  asking = null;
}

const whenSeen = () => document.hidden || keepUp();

let timer;
if (book) {
  timer = setInterval(whenSeen, every);
  document.addEventListener('visibilitychange', whenSeen);
  addEventListener('online', whenSeen);
  document.body.addEventListener('appointment-changed', () => keepUp(true));
}
