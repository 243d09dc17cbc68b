/** Menus of the frame: one open at a time, closed by Esc, by a press elsewhere and by going on; below a width one button opens them all. */

export function startMenus() {
  const drops = Array.from(document.querySelectorAll('[data-drop]'));
  const button = document.querySelector('[data-menu-button]');

  for (const drop of drops) {
    drop.addEventListener('toggle', () => {
      if (drop.open) for (const other of drops) if (other !== drop) other.open = false;
    });
  }
  document.addEventListener('pointerdown', (event) => {
    for (const drop of drops) if (drop.open && !drop.contains(event.target)) drop.open = false;
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    const open = drops.find((drop) => drop.open);
    if (open) {
      open.open = false;
      open.querySelector('summary').focus();
    } else if (button && button.getAttribute('aria-expanded') === 'true') {
      button.click();
      button.focus();
    }
  });
  document.addEventListener('focusin', (event) => {
    for (const drop of drops) if (drop.open && !drop.contains(event.target)) drop.open = false;
  });
  if (!button) return;
  // Without this script the menu stands open below the bar.
  button.hidden = false;
  button.closest('.bar').dataset.folded = 'yes';
  button.addEventListener('click', () => {
    const open = button.getAttribute('aria-expanded') !== 'true';
    button.setAttribute('aria-expanded', String(open));
    button.closest('.bar').dataset.folded = open ? 'no' : 'yes';
  });
}
