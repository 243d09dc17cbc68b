/**
 * What single keys do: `?` lists them, `/` searches, G and a letter goes to a page, J and K step through rows, any element with data-hotkey is
 * pressed by its letter, digit or arrow.
 *
 * Rules that hold here: never while somebody types, never with Ctrl, Alt or Meta, never over an open dialog; a person may switch them off, and
 * then nothing but `?` in the menu is left of them.
 */

const KEPT = 'keys';
const SEQUENCE_MS = 1500;
const TYPING = 'input, textarea, select, [contenteditable]:not([contenteditable="false"])';
const ARROWS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** @param {{open: () => void} | null} finder what `/` opens */
export function startKeys(finder) {
  const help = document.querySelector('[data-keys]');
  if (!help) return;
  const toggle = help.querySelector('[data-keys-on]');
  let since = -SEQUENCE_MS;

  toggle.checked = read() !== 'off';
  toggle.addEventListener('change', () => keep(toggle.checked ? 'on' : 'off'));
  for (const button of document.querySelectorAll('[data-keys-button]')) {
    button.addEventListener('click', () => help.showModal());
  }

  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return arrows(event);
    if (!toggle.checked || isTyping(event.target) || document.querySelector('dialog[open]')) return undefined;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const follows = performance.now() - since < SEQUENCE_MS;
    since = -SEQUENCE_MS;
    if (follows && go(key)) return event.preventDefault();
    if (key === 'g') {
      since = performance.now();
      return undefined;
    }
    if (act(key, event)) return event.preventDefault();
    return arrows(event);
  });

  /** After G: the page of that letter. */
  function go(key) {
    if (!/^[a-z]$/.test(key)) return false;
    const link = help.querySelector('[data-go="' + key + '"]');
    if (link) window.location.assign(link.href);
    return Boolean(link);
  }

  function act(key, event) {
    if (key === '?') help.showModal();
    else if (key === '/' && finder) finder.open();
    else if (key === 'j') return step(1);
    else if (key === 'k') return step(-1);
    else {
      const pressed = isHotkey(key, event) ? document.querySelector('[data-hotkey="' + key + '"]') : null;
      if (pressed) pressed.click();
      return Boolean(pressed);
    }
    return true;
  }

  function arrows(event) {
    const by = ARROWS[event.key];
    if (!by || !toggle.checked || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target instanceof Element && event.target.matches('[data-step]') && step(by)) event.preventDefault();
  }
}

/** Moves the focus to the next row or the one before. @param {number} by */
function step(by) {
  const rows = Array.from(document.querySelectorAll('[data-step]')).filter((row) => row.getClientRects().length > 0);
  if (rows.length === 0) return false;
  const at = rows.indexOf(document.activeElement);
  const to = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[to].focus();
  rows[to].scrollIntoView({ block: 'nearest' });
  return true;
}

/** Arrows to the sides are a page's own only where they do nothing else: not in what scrolls, steps or chooses by them. */
function isHotkey(key, event) {
  if (key !== 'ArrowLeft' && key !== 'ArrowRight') return /^[a-z0-9]$/.test(key);
  return !event.shiftKey && !(event.target instanceof Element && event.target.closest('input, [data-step], [tabindex="0"], [role="group"]'));
}

function isTyping(target) {
  if (!(target instanceof Element) || !target.matches(TYPING)) return false;
  // A box that is ticked is no text.
  return !(target instanceof HTMLInputElement && ['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type));
}

function read() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(value) {
  try {
    localStorage.setItem(KEPT, value);
  } catch {
    // A browser that keeps nothing still obeys until the next page.
  }
}
