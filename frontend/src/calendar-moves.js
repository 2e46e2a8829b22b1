// Dragging a visit to another time or provider, and clicking a free time. Neither does anything by itself: the first asks
// in the dialog what the move would do, the second opens the drawer of a new appointment.
import { book, host } from './calendar-data.js';
import { shown } from './calendar-state.js';
import { wall } from './calendar-time.js';
import htmx from './htmx.js';
import { keepUp } from './live.js';

const dialog = document.getElementById('dialog');
let dropped; // the id of the visit whose move the dialog asks about

export function eventDrop({ event, delta, newResource }) {
  const { visit } = event.extendedProps;
  const start = visit.start + delta.days * 24 * 60 + delta.seconds / 60;
  const to = new URLSearchParams({ start: wall(start).slice(0, 16), provider: newResource?.id ?? visit.provider });
  dropped = visit.id;
  htmx.ajax('GET', `${visit.url}reschedule/?${to}`, { target: '#dialog', swap: 'innerHTML' });
}

/** A visit stands where the book has it, whatever the dialog came to. */
export function putBack(draw) {
  async function settle() {
    if (!dropped) return;
    const id = dropped;
    dropped = null;
    await keepUp(true);
    const visit = shown().find((each) => each.id === id);
    if (visit) draw(visit);
  }
  dialog.addEventListener('close', settle);
  for (const failed of ['htmx:sendError', 'htmx:responseError']) {
    document.addEventListener(failed, () => dialog.open || settle());
  }
}

let link; // kept in the page, so that htmx goes on with what it asked for

export function dateClick({ dateStr, resource }) {
  if (!book.new_url) return;
  const [date, time] = dateStr.split('T');
  const url = new URL(book.new_url, location.href);
  url.searchParams.set('date', date);
  url.searchParams.set('start', time.slice(0, 5));
  url.searchParams.set('provider', resource?.id ?? book.columns[0].id);
  link?.remove();
  link = document.createElement('a');
  link.hidden = true;
  link.setAttribute('hx-get', url.pathname + url.search);
  link.setAttribute('hx-target', '#drawer');
  link.setAttribute('hx-push-url', 'true');
  host.append(link);
  htmx.process(link);
  link.click();
}
