// Whoever is disturbed by single keys switches them off (WCAG 2.1.4), in this browser.

const name = 'kept.keys';

export const keysAreOff = () => localStorage.getItem(name) !== null;

for (const box of document.querySelectorAll('[data-keys-switch]')) {
  box.closest('[hidden]').hidden = false;
  box.checked = !keysAreOff();
  box.addEventListener('change', () => (box.checked ? localStorage.removeItem(name) : localStorage.setItem(name, 'off')));
}
