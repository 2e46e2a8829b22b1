// One of several lines is shown: data-effect-for names the radio or checkbox it speaks for; the one that names none
// speaks while nothing is chosen.

document.addEventListener('change', ({ target }) => {
  const around = target.closest('dialog') ?? target.form;
  const lines = around?.querySelectorAll('[data-effect-for]') ?? [];
  const chosen = [...lines].filter((line) => document.getElementById(line.dataset.effectFor)?.checked);
  for (const line of lines) line.hidden = chosen.length ? !chosen.includes(line) : line.dataset.effectFor !== '';
});
