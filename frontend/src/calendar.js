// The day as a column per provider, kept up to date. Mounts EventCalendar on #calendar where there is room for it.
import { createCalendar, ResourceTimeGrid } from '@event-calendar/core';

import '../styles/calendar.css';
import { eventContent, resourceLabelContent } from './calendar-cards.js';
import { day, host, lang } from './calendar-data.js';
import { clockNow, offset, setNow } from './calendar-time.js';
import htmx from './htmx.js';

const roomy = matchMedia('(width >= 48rem)'); // below, the page shows the agenda
const hour = new Intl.DateTimeFormat(lang, { hour: 'numeric' });
let calendar;

const resources = () =>
  day.resources.map(({ id, title, initials, sub }) => ({ id, title, extendedProps: { initials, sub } }));

const events = () =>
  day.events.map((appointment) => ({
    id: appointment.id,
    resourceId: appointment.resource,
    start: appointment.start,
    end: appointment.end,
    title: appointment.title,
    display: appointment.closed ? 'background' : 'auto',
    extendedProps: { appointment },
  }));

function build() {
  if (calendar || !roomy.matches) return;
  calendar = createCalendar(host, [ResourceTimeGrid], {
    view: 'resourceTimeGridDay',
    date: day.date,
    timeZone: offset(),
    locale: lang,
    headerToolbar: false,
    height: '100%',
    allDaySlot: false,
    columnWidth: 'minmax(158px, 1fr)', // scrolls sideways where six do not fit
    slotMinTime: day.min,
    slotMaxTime: day.max,
    scrollTime: day.min,
    slotDuration: '00:15',
    slotLabelInterval: '01:00',
    slotHeight: 22,
    slotLabelFormat: (time) => hour.format(time),
    nowIndicator: true,
    resources: resources(),
    resourceLabelContent,
    events: events(),
    eventContent,
  });
  requestAnimationFrame(() => {
    dropRoles();
    const line = labelNow();
    const view = host.querySelector('.ec-main');
    if (line && line.offsetTop > view.clientHeight) view.scrollTop = line.offsetTop - view.clientHeight / 2;
  });
}

/** The library calls its parts a table, which they are not: every card says its time and provider itself. */
function dropRoles() {
  for (const part of host.querySelectorAll('div[role]')) part.role = part.ariaColIndex = null;
}

/** Writes the clinic's time onto the now-line, which the calendar moves by itself. */
function labelNow() {
  const line = host.querySelector('.ec-now-indicator');
  if (line) line.dataset.time = clockNow();
  return line;
}

// --- keeping up ---

const shown = () => JSON.stringify([day.resources, day.events]);

/** Asks for the day again and draws what is new, where it stands; true if anything was. */
async function refresh() {
  const answer = await fetch(day.feed_url, { headers: { Accept: 'application/json' } }).catch(() => null);
  if (!answer?.ok) return false; // the next try comes by itself
  const before = shown();
  Object.assign(day, await answer.json());
  setNow(day.now);
  calendar?.setOption('timeZone', offset());
  if (shown() === before) return false;
  if (calendar) await redraw();
  return true;
}

async function redraw() {
  const focused = host.contains(document.activeElement) && document.activeElement.getAttribute('href');
  calendar.setOption('resources', resources());
  calendar.setOption('events', events());
  await new Promise(requestAnimationFrame);
  dropRoles();
  if (focused) host.querySelector(`.who[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

async function keepUp() {
  if (document.hidden) return;
  if (calendar) labelNow();
  if (await refresh()) htmx.trigger(document.body, 'book-changed'); // somebody else did something
}

build();
roomy.addEventListener('change', build);
document.body.addEventListener('appointment-changed', refresh);
document.addEventListener('visibilitychange', keepUp);
setInterval(keepUp, 20_000);
