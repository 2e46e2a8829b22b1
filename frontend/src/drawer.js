// The drawer opens when htmx puts something into #drawer, whose address is then the page's. Not modal beside the book;
// below 768 px it covers the page, which is inert meanwhile.
import { stopAsking } from './busy.js';
import { rememberFocus } from './focus.js';

const drawer = document.getElementById('drawer');
const covering = matchMedia('(width < 48rem)');
let wasOpen;
let hadFocus;
let giveFocusBack;

// Over another clinic's day, which she did not ask for: closed, it leads to where she came from, whatever it has shown meanwhile.
const cameFrom = drawer?.querySelector('[data-leaves]')?.href;

const isOpen = () => Boolean(drawer?.childElementCount);

/** Is this the address of what the drawer shows? */
export const isCurrent = (url) => isOpen() && new URL(url, location.href).pathname === location.pathname;

function showState() {
  for (const part of document.querySelectorAll('[data-under-drawer]')) part.inert = isOpen() && covering.matches;
  for (const link of document.querySelectorAll('a[hx-target="#drawer"]')) {
    if (isCurrent(link.href)) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}

function close() {
  const { href } = drawer.querySelector('[data-close]');
  if (cameFrom || document.querySelector('[data-drawer-alone]')) {
    location.assign(cameFrom ?? href); // it lies over nothing to come back to
    return;
  }
  history.pushState({ htmx: true }, '', href);
  stopAsking(drawer);
  drawer.replaceChildren();
  showState();
  (giveFocusBack ?? rememberFocus())();
}

document.addEventListener('htmx:beforeSwap', ({ target }) => {
  if (target !== drawer) return;
  wasOpen = isOpen();
  hadFocus = drawer.contains(document.activeElement);
  if (!wasOpen) giveFocusBack = rememberFocus();
});

document.addEventListener('htmx:afterSwap', ({ target }) => {
  // One that only refreshes itself leaves the focus alone.
  if (target === drawer && (hadFocus || !wasOpen)) (drawer.querySelector('[autofocus]') ?? drawer).focus();
});

document.addEventListener('htmx:afterSettle', showState);
document.addEventListener('htmx:pushedIntoHistory', showState);
covering.addEventListener('change', showState);
showState();

drawer?.addEventListener('click', (event) => {
  if (!event.target.closest('[data-close]') || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  close();
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.defaultPrevented || !isOpen() || document.querySelector('dialog[open]')) return;
  close();
});
