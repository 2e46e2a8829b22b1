// Menus are <details class="menu"> and open without this. Here: a click elsewhere and Esc close them, and in a
// role="menu" the arrow keys move.

const open = () => document.querySelector('details.menu[open]');

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    const pressed = event.target.closest('[role="menuitem"]');
    if (menu.contains(event.target) && !pressed) continue;
    menu.open = false;
    if (pressed) menu.querySelector('summary').focus(); // to which a dialog gives the focus back
  }
});

document.addEventListener(
  'toggle',
  ({ target }) => {
    if (target.matches('details.menu[open]')) target.querySelector('[role="menuitem"]')?.focus();
  },
  true, // toggle does not bubble
);

const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

document.addEventListener('keydown', (event) => {
  const menu = open();
  if (!menu) return;

  if (event.key === 'Escape') {
    event.preventDefault();
    menu.open = false;
    menu.querySelector('summary').focus();
  } else if (event.key in steps && menu.querySelector('[role="menu"]')) {
    event.preventDefault();
    const items = [...menu.querySelectorAll('[role="menuitem"]')];
    const to = items.indexOf(document.activeElement) + steps[event.key];
    items[Math.abs(to) === Infinity ? (to < 0 ? 0 : items.length - 1) : (to + items.length) % items.length].focus();
  }
});
