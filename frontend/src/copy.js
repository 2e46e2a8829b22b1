// data-copy="text": the button copies it; with data-copied="Copied" it says so for two seconds, in place of its label.

document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]');
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const { copied } = button.dataset;
  const label = button.lastChild;
  const before = label.textContent;
  if (!copied || before === copied) return;
  label.textContent = copied;
  setTimeout(() => (label.textContent = before), 2000);
});
