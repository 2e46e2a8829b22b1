// All keys that work on this page, read from the same markup as the keys themselves, so that it cannot lie.
import { openDialog } from './dialog.js';
import { keysAreOff } from './keys-off.js';

const caps = { arrowleft: '←', arrowright: '→', arrowup: '↑', arrowdown: '↓', enter: 'Enter', escape: 'Esc' };
const ownText = (element) =>
  [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ data }) => data).join(' ').trim();

function line(template, keys, label) {
  const row = template.content.cloneNode(true);
  row.querySelector('dt').append(
    ...keys.split(' ').map((key) => {
      const cap = document.createElement('kbd');
      cap.className = 'kkey';
      cap.textContent = caps[key] ?? key.toUpperCase();
      return cap;
    }),
  );
  row.querySelector('dd').textContent = label;
  return row;
}

/** Keys and their labels of a group, each once. */
function found(group) {
  if (group === 'card') {
    return [...document.querySelectorAll('[data-card-key]')].map((each) => [each.dataset.cardKey, each.textContent]);
  }
  const every = [...document.querySelectorAll('[data-keys]')].map((each) => [
    each.dataset.keys,
    each.ariaLabel ?? (ownText(each) || each.textContent.trim()),
  ]);
  return [...new Map(every)].filter(([keys]) => keys.includes(' ') === (group === 'go'));
}

document.addEventListener('click', ({ target }) => {
  if (!target.closest('[data-keys-help]')) return;
  const help = document.getElementById('keys-help').content.cloneNode(true);
  const template = help.querySelector('template');
  for (const list of help.querySelectorAll('[data-keys-group]')) {
    list.append(...found(list.dataset.keysGroup).map(([keys, label]) => line(template, keys, label)));
    list.closest('section').hidden = !list.childElementCount;
  }
  help.querySelector('[data-keys-are-off]').hidden = !keysAreOff();
  openDialog(help);
});
