// In a page of results (data-results) the arrows go from the search to what it found, and from one to the next.
const steps = { ArrowDown: 1, ArrowUp: -1 };

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  const results = key in steps && target.closest('[data-results]');
  if (!results || event.defaultPrevented) return;

  const stops = [...results.querySelectorAll('input[type="search"], .result')];
  const next = stops[stops.indexOf(target) + steps[key]];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
