// The appointment that is being booked in the drawer stands on the calendar, where its fields say so far.
import { book } from './calendar-data.js';
import { minutesAt, wall } from './calendar-time.js';

const drawer = document.getElementById('drawer');
const id = 'draft';
const shortest = 15; // minutes, before a service is chosen

function drafted() {
  const { start: at, minutes, provider, service } = document.getElementById('booking-spot')?.dataset ?? {};
  if (!at || !(provider || book.view === 'week')) return null;
  const start = minutesAt(at);
  const draft = { start, end: start + Math.max(Number(minutes), shortest), service };
  const resourceId = provider || book.columns[0].id;
  if (!book.columns.some((column) => column.id === resourceId)) return null;
  return { id, resourceId, start: wall(draft.start), end: wall(draft.end), startEditable: false, extendedProps: { draft } };
}

export function showDraft(calendar) {
  let drawn = 'null';
  function show() {
    const event = drafted();
    const said = JSON.stringify(event);
    if (said === drawn) return;
    calendar.removeEventById(id);
    if (event) calendar.addEvent(event);
    drawn = said;
    requestAnimationFrame(() => document.querySelector('.appt[data-status="draft"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
  }
  new MutationObserver(show).observe(drawer, { childList: true, subtree: true });
  show();
}
