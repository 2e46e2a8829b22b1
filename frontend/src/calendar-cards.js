// What is drawn in the calendar: appointments, breaks, and the providers' heads. Names are set as text, never as HTML.
import { day, words } from './calendar-data.js';
import { length, span, startClock } from './calendar-time.js';
import { isCurrent } from './drawer.js';
import htmx from './htmx.js';

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

function icon(name, className, label) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', `icon ${className}`);
  if (label) {
    svg.role = 'img';
    svg.ariaLabel = label;
  } else {
    svg.ariaHidden = 'true';
  }
  use.setAttribute('href', `${day.icons_url}#${name}`);
  svg.append(use);
  return svg;
}

function button(text, attributes) {
  const node = element('button', '', text);
  node.type = 'button';
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function nameLink(appointment) {
  const { title, url, service, display, resource } = appointment;
  const provider = day.resources.find(({ id }) => id === resource).title;
  const link = element('a', 'who', title);
  link.href = url;
  link.ariaLabel = [title, span(appointment), service, provider, day.statuses[display].label].join(', ');
  link.setAttribute('hx-get', url);
  link.setAttribute('hx-target', '#drawer');
  link.setAttribute('hx-push-url', 'true');
  if (isCurrent(url)) link.setAttribute('aria-current', 'true');
  return link;
}

const arrived = ({ noshow_url, checkin_url, title }) =>
  element(
    'div',
    'ask',
    element('b', '', words.arrived),
    button(words.yes, { 'hx-post': checkin_url, 'hx-swap': 'none', 'aria-label': `${words.yes}, ${title}` }),
    button(words.noshow, { 'hx-get': noshow_url, 'hx-target': '#dialog', 'aria-label': `${words.noshow}, ${title}` }),
  );

function appointmentCard(appointment) {
  const { service, display, card, ask } = appointment;
  const { icon: name, label, tone } = day.statuses[display];
  const minutes = length(appointment);
  const mark = icon(name, 'mark size-3.5', label);
  const who = nameLink(appointment);
  const when = element('span', 'when', span(appointment));
  const what = element('div', 'what', service);
  const meta = card
    ? icon('credit-card', 'meta size-3.5', words.card)
    : icon('credit-card-x', 'meta size-3.5', words.noCard);
  const row = (...children) => element('div', 'row', ...children);

  const node = element('div', `appt st-${tone}`);
  node.dataset.status = display;
  if (minutes <= 15) {
    node.dataset.length = 'shortest';
    node.append(row(mark, who, meta));
  } else if (minutes <= 30) {
    node.dataset.length = 'short';
    what.prepend(`${startClock(appointment)} · `);
    node.append(row(mark, who, meta), what);
  } else {
    node.append(row(mark, when, meta), row(who));
    if (!ask || minutes >= 60) node.append(what);
    if (ask) node.append(arrived(appointment));
  }
  htmx.process(node);
  return node;
}

export function eventContent({ event }) {
  if (event.display === 'background') return '';
  const { appointment } = event.extendedProps;
  if (!appointment.block) return { domNodes: [appointmentCard(appointment)] };
  const label = element('span', 'truncate', appointment.title);
  return { domNodes: [element('div', 'blk', icon('coffee', 'size-3.5'), label)] };
}

export function resourceLabelContent({ resource }) {
  const { initials, sub } = resource.extendedProps;
  const face = element('span', 'av size-8 text-2xs', initials);
  face.ariaHidden = 'true';
  const names = element(
    'span',
    'min-w-0 flex-1',
    element('span', 'block truncate text-sm font-semibold', resource.title),
    element('span', 'block truncate text-2xs text-muted tnum', sub),
  );
  return { domNodes: [element('span', 'flex items-center gap-2 w-full p-2 text-start', face, names)] };
}
