// One of several lines is shown: data-effect-for names the radio or checkbox it speaks for; the one that names none
// speaks while nothing is chosen.

document.addEventListener('change', ({ target }) => {
  const around = target.closest('dialog') ?? target.form;
  const lines = around?.querySelectorAll('[data-effect-for]') ?? [];
  const chosen = [...lines].filter((line) => document.getElementById(line.dataset.effectFor)?.checked);
  for (const line of lines) line.hidden = chosen.length ? !chosen.includes(line) : line.dataset.effectFor !== '';
});

// What is typed chooses the option that it belongs to: data-chooses names the radio.
document.addEventListener('input', ({ target }) => {
  const option = document.getElementById(target.dataset.chooses ?? '');
  if (!option || option.checked) return;
  option.checked = true;
  option.dispatchEvent(new Event('change', { bubbles: true }));
});

// The amount of a line follows a lower one as it is typed: data-amount-of names the field.
document.addEventListener('input', ({ target }) => {
  for (const amount of document.querySelectorAll(`[data-amount-of="${target.id}"]`)) {
    amount.dataset.whole ??= amount.textContent;
    const typed = Number(target.value.replace(/[^\d.]/g, ''));
    const style = { style: 'currency', currency: amount.dataset.currency };
    amount.textContent = typed ? typed.toLocaleString('en-US', style) : amount.dataset.whole;
  }
});
