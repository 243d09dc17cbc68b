/**
 * The search box: asks while somebody types, lists what is found, and opens what is chosen with the arrows and Enter.
 *
 * Rules that hold here: only the newest question is shown, whatever order answers come in; what is found is only ever text; the box is a
 * combobox whose focus never leaves the words.
 */

const PATIENCE_MS = 250;
const LIMIT_MS = 8000;
const SHORTEST = 2;

/** @returns {{open: () => void} | null} */
export function startFinder() {
  const box = document.querySelector('[data-finder]');
  if (!box) return null;
  const words = box.querySelector('input');
  const list = box.querySelector('[data-results]');
  const status = box.querySelector('[data-finder-status]');
  let asked = null;
  let timer = 0;
  let at = -1;

  const options = () => Array.from(list.querySelectorAll('[role="option"]'));

  function open() {
    if (!box.open) box.showModal();
    words.focus();
    words.select();
  }

  function choose(to) {
    const all = options();
    at = all.length === 0 ? -1 : (to + all.length) % all.length;
    all.forEach((option, place) => option.setAttribute('aria-selected', String(place === at)));
    if (at < 0) words.removeAttribute('aria-activedescendant');
    else {
      words.setAttribute('aria-activedescendant', all[at].id);
      all[at].scrollIntoView({ block: 'nearest' });
    }
  }

  function show(results) {
    list.replaceChildren();
    let group = null;
    results.forEach((result, place) => {
      if (!group || group.dataset.kind !== result.kind) group = groupOf(result);
      group.append(optionOf(result, place));
      if (group.parentNode !== list) list.append(group);
    });
    words.setAttribute('aria-expanded', String(results.length > 0));
    choose(results.length > 0 ? 0 : -1);
  }

  function clear(text) {
    show([]);
    status.textContent = text;
  }

  async function ask() {
    const wanted = words.value.trim();
    if (asked) asked.abort();
    if (wanted.length < SHORTEST) {
      clear('');
      return;
    }
    const mine = (asked = new AbortController());
    const limit = window.setTimeout(() => mine.abort(), LIMIT_MS);
    try {
      const address = new URL(box.querySelector('form').action);
      address.searchParams.set('q', wanted);
      address.searchParams.set('format', 'json');
      const answer = await fetch(address, { cache: 'no-store', signal: mine.signal });
      if (answer.redirected) {
        // Logged out meanwhile.
        window.location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (mine !== asked) return;
      show(told.results);
      const many = told.results.length;
      const count = many === 0 ? box.dataset.none : many === 1 ? box.dataset.one : box.dataset.many.replace('{n}', String(many));
      status.textContent = [count, ...told.notes].join(' ');
    } catch {
      if (mine === asked) clear(box.dataset.away);
    } finally {
      window.clearTimeout(limit);
    }
  }

  words.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, PATIENCE_MS);
  });
  words.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      choose(at + (event.key === 'ArrowDown' ? 1 : -1));
    } else if (event.key === 'Enter' && at >= 0) {
      event.preventDefault();
      go(options()[at]);
    } else if (event.key === 'Escape') {
      // A search field would only be emptied.
      event.preventDefault();
      box.close();
    }
  });
  list.addEventListener('click', (event) => {
    const option = event.target instanceof Element ? event.target.closest('[role="option"]') : null;
    if (option) go(option);
  });
  box.addEventListener('click', (event) => {
    // The backdrop belongs to the dialog.
    if (event.target === box) box.close();
  });
  for (const button of document.querySelectorAll('[data-search-button]')) {
    button.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open();
    });
  }
  return { open };
}

function go(option) {
  window.location.assign(option.dataset.address);
}

function groupOf(result) {
  const group = document.createElement('div');
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', result.heading);
  group.dataset.kind = result.kind;
  const heading = document.createElement('p');
  heading.className = 'hint';
  heading.setAttribute('aria-hidden', 'true');
  heading.textContent = result.heading;
  group.append(heading);
  return group;
}

function optionOf(result, place) {
  const option = document.createElement('div');
  option.setAttribute('role', 'option');
  option.setAttribute('aria-selected', 'false');
  option.id = 'found-' + place;
  option.dataset.address = result.address;
  const title = document.createElement('span');
  title.textContent = result.title;
  const detail = document.createElement('small');
  detail.textContent = result.detail;
  option.append(title, ' ', detail);
  return option;
}
