// A search whose answers are chosen from: <input role="combobox" aria-controls="ID">, in #ID buttons role="option".
// The arrows mark one, Enter presses it, Esc or leaving puts the list away. Arrow down where there is none asks for it.
import htmx from './htmx.js';

const listOf = (input) => document.getElementById(input.getAttribute('aria-controls'));
const optionsOf = (input) => [...listOf(input).querySelectorAll('[role="option"]')];
const inputOf = (list) => document.querySelector(`[role="combobox"][aria-controls="${CSS.escape(list.id)}"]`);

function mark(input, option) {
  for (const each of optionsOf(input)) each.ariaSelected = String(each === option);
  option.scrollIntoView({ block: 'nearest' });
  input.setAttribute('aria-activedescendant', option.id);
}

function showState(input) {
  const options = optionsOf(input);
  input.ariaExpanded = String(options.length > 0);
  if (options.length) mark(input, options.find((each) => each.ariaSelected === 'true') ?? options[0]);
  else input.removeAttribute('aria-activedescendant');
}

function putAway(input) {
  listOf(input).replaceChildren();
  showState(input);
}

const steps = { ArrowDown: 1, ArrowUp: -1 };

document.addEventListener('keydown', (event) => {
  const { key, target: input } = event;
  if (!input.matches('[role="combobox"]')) return;
  const options = optionsOf(input);
  const marked = options.findIndex((each) => each.ariaSelected === 'true');

  if (key in steps) {
    event.preventDefault();
    if (options.length) mark(input, options[(marked + steps[key] + options.length) % options.length]);
    else htmx.trigger(input, 'ask');
  } else if (key === 'Enter') {
    event.preventDefault();
    options[marked]?.click();
  } else if (key === 'Escape' && options.length) {
    event.preventDefault();
    putAway(input);
  }
});

// A click on an answer leaves the focus where it is.
document.addEventListener('mousedown', (event) => {
  if (event.target.closest('[role="option"]')) event.preventDefault();
});

document.addEventListener('focusout', ({ target, relatedTarget }) => {
  const input = target.closest('.combo')?.querySelector('[role="combobox"]');
  if (input && relatedTarget && !relatedTarget.closest('.combo')?.contains(input)) putAway(input);
});

document.addEventListener('htmx:afterSwap', ({ target }) => {
  const input = target.matches('[role="listbox"]') && inputOf(target);
  if (input) showState(input);
});
