/**
 * The bar over every report: a control changes the address and the page under it without loading it anew.
 *
 * Understood in a page (templates/app/reports/base.html):
 *   [data-report]        what is made equal to the page of the new address; `report:drawn` is told to the document afterwards
 *   [data-turn]          a link or a form sent by GET that leads to another state of the same report
 *   [data-fold]          the bar: folded where there is little room
 *   [data-choose]        a form of checkboxes, with a search among them
 *
 * Rules that hold here: without this script every control is a link or a form; what cannot be fetched is opened as a page; the newest
 * wish wins; the focus stays where it is; names are only ever text.
 */

import { become } from '../become.js';

const NARROW = window.matchMedia('(max-width: 48rem)');
const SLOW_MS = 20000;
const report = document.querySelector('[data-report]');
let under = null;

// --- turning ------------------------------------------------------------------------------------------------------------------

/** @param {string} address @param {boolean} back whether the browser's history has moved there already */
async function turn(address, back = false) {
  if (under) under.abort();
  const mine = new AbortController();
  under = mine;
  const late = window.setTimeout(() => mine.abort(), SLOW_MS);
  report.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(address, { cache: 'no-store', credentials: 'same-origin', signal: mine.signal });
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (under !== mine) return;
    const anew = fresh.querySelector('[data-report]');
    if (!anew || answer.redirected) throw new Error(String(answer.status));
    if (!back) window.history.pushState({ report: true }, '', address);
    show(anew, fresh.title);
  } catch {
    // A newer wish took over; else the browser shows whatever is there, a login or an error.
    if (under !== mine) return;
    if (back) window.location.reload();
    else window.location.assign(address);
  } finally {
    window.clearTimeout(late);
    if (under === mine) {
      under = null;
      report.removeAttribute('aria-busy');
    }
  }
}

function show(anew, title) {
  const old = report.querySelector('[data-report-body]').firstElementChild;
  become(report, anew);
  // `become` leaves alone what a person typed or chose; here the address says what is chosen.
  for (const wanted of anew.querySelectorAll('.report-bar [id], .report-tools [id]')) {
    const field = document.getElementById(wanted.id);
    if (field instanceof HTMLInputElement && field.type === 'checkbox') field.checked = wanted.checked;
    else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = wanted.value;
  }
  for (const drop of report.querySelectorAll('[data-drop][open]')) close(drop);
  document.title = title;
  const told = report.querySelector('[data-told]');
  const period = report.querySelector('[data-period]');
  if (told && period) told.textContent = period.textContent;
  prepare();
  document.dispatchEvent(new CustomEvent('report:drawn', { detail: { moved: old !== report.querySelector('[data-report-body]').firstElementChild } }));
}

/** A menu that closes gives the focus back to what opened it, when it was in there. */
function close(drop) {
  const within = drop.contains(document.activeElement);
  drop.open = false;
  if (within) drop.querySelector('summary').focus();
}

function addressOf(form) {
  const address = new URL(form.getAttribute('action') || window.location.pathname, window.location.href);
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') asked.append(name, value);
  address.search = asked.toString();
  return address.href;
}

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[data-turn]') : null;
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  turn(link.href);
});
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches('[data-turn]') || event.defaultPrevented) return;
  event.preventDefault();
  turn(addressOf(form));
});
window.addEventListener('popstate', () => turn(window.location.href, true));

// --- small helps --------------------------------------------------------------------------------------------------------------

/** What only makes sense with a script is shown by it. */
function prepare() {
  const print = report.querySelector('[data-print]');
  if (print) print.hidden = false;
  const hint = report.querySelector('[data-no-files]');
  if (hint) hint.hidden = true;
  for (const form of report.querySelectorAll('[data-choose]')) {
    for (const part of form.querySelectorAll('[data-search], [data-none]')) part.hidden = false;
    sift(form);
  }
}

/** As people look for it: no capitals, no accents. */
function folded(text) {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

function sift(form) {
  const field = form.querySelector('input[type=search]');
  if (!field) return;
  const wanted = folded(field.value.trim());
  for (const line of form.querySelectorAll('.list .tick')) {
    line.hidden = Boolean(wanted) && !folded(line.textContent).includes(wanted) && !line.querySelector('input').checked;
  }
}

report.addEventListener('input', (event) => {
  if (event.target.matches('[data-choose] input[type=search]')) sift(event.target.form);
});
report.addEventListener('click', (event) => {
  if (event.target.closest('[data-print]')) window.print();
  const none = event.target.closest('[data-none]');
  if (none) for (const box of none.closest('form').querySelectorAll('input[type=checkbox]')) box.checked = false;
});
// Who opens a menu wants its first field.
report.addEventListener('toggle', (event) => {
  const drop = event.target;
  if (!(drop instanceof HTMLDetailsElement) || !drop.open || !drop.matches('[data-drop]')) return;
  const first = drop.querySelector('[data-dates] input[type=date], [data-search]:not([hidden]) input');
  if (first) first.focus();
  inView(drop.querySelector(':scope > .panel, :scope > ul'));
}, true);

/** A menu near the right edge opens to the left. */
function inView(panel) {
  if (!panel) return;
  panel.removeAttribute('data-end');
  if (panel.getBoundingClientRect().right > document.documentElement.clientWidth) panel.setAttribute('data-end', '');
}

function fold() {
  const bar = report.querySelector('[data-fold]');
  if (bar) bar.open = !NARROW.matches;
}

if (report) {
  prepare();
  fold();
  NARROW.addEventListener('change', fold);
}
