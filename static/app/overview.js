/**
 * Keeps the overview true: the sentence, the order of the queues, what calls for attention, the tab, and a summary for those who listen.
 *
 * Rules that hold here: queues change places at most once in two seconds, and nobody's focus is lost by it; the summary is said at most once
 * in fifteen; how the queues are shown is kept for the person and stands in the address.
 */

import { filled } from '../tv/format.js';
import { ticks } from '../tv/freshness.js';
import { showAlarms } from './attention.js';
import { startLive } from './live.js';
import { sentence } from './sentence.js';
import { showTab } from './tab.js';
import { alarmsOf, byUrgency, judge } from './urgency.js';

const REORDER_MS = 2000;
const ASK_AGAIN_MS = 5000;
const SUMMARY_MS = 15000;
const SUMMARY_QUEUES = 3;
const RENEW_MS = 60000;
const VIEW = 'overview.view';

const find = (selector) => document.querySelector(selector);
let reorderedAt = -REORDER_MS;
let saidAt = performance.now();
let scopes = '';
let askedAt = -ASK_AGAIN_MS;

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function render(page) {
  const now = page.now();
  const overall = page.overall();
  const believed = ticks(overall);
  const presence = page.standing('', 'agents', now).level !== 'unknown';
  const told = overall.level === 'unknown' ? null : sentence(page.store, page.words, believed ? now : overall.aliveAt, presence);
  // The largest words of the page do not say that it is so when it was.
  const said = told && !believed ? filled(page.words['sentence.then'], { time: page.wall(overall.aliveAt), said: told }) : told;
  put(find('[data-sentence]'), said || page.notice(overall) || page.words['cause.no_source']);
  if (!told) put(find('[data-notice]'), '');

  const judged = page.store
    .scopes()
    .filter((scope) => scope.startsWith('queue:'))
    .map((scope) => judge(scope, page.store.of(scope), ticks(page.standing(page.store.of(scope).source || '', 'calls', now)), now))
    .sort(byUrgency);
  const alarms = alarmsOf(judged);
  placeQueues(judged, page);
  showAlarms(alarms, page, believed, shared(judged));
  const waiting = told ? (page.store.of('site') || {}).waiting || 0 : 0;
  const severity = !believed ? 'unknown' : alarms.length > 0 ? alarms[0].severity : 'calm';
  showTab({ waiting, name: nameFirst(alarms, judged), severity, paused: '' });
  summarise(waiting, alarms, page);
}

/** Names that more than one queue has, in small letters. */
function shared(judged) {
  const names = judged.map((each) => each.name.toLowerCase());
  return new Set(names.filter((name, at) => names.indexOf(name) !== at));
}

/** Where it is worst; where nothing is, where somebody has waited longest. */
function nameFirst(alarms, judged) {
  if (alarms.length > 0) return alarms[0].judged.name;
  return judged.length > 0 && judged[0].waiting > 0 ? judged[0].name : '';
}

function placeQueues(judged, page) {
  const body = find('[data-queues]');
  const there = judged.map((each) => each.scope).sort().join(' ');
  if (there !== scopes) {
    // A queue came or went since the page was drawn: the server draws it.
    const drawn = body ? Array.from(body.children, (row) => row.dataset.row).sort().join(' ') : '';
    if (drawn === there) scopes = there;
    else if (performance.now() - askedAt >= ASK_AGAIN_MS) {
      askedAt = performance.now();
      page.renewParts();
    }
  }
  if (!body) return;
  const rows = new Map(Array.from(body.children, (row) => [row.dataset.row, row]));
  for (const each of judged) {
    const row = rows.get(each.scope);
    if (row && row.dataset.worst !== each.worst) row.dataset.worst = each.worst;
  }
  if (performance.now() - reorderedAt < REORDER_MS) return;
  const wanted = judged.map((each) => rows.get(each.scope)).filter(Boolean);
  const has = Array.from(body.children).filter((row) => wanted.includes(row));
  if (wanted.every((row, place) => row === has[place])) return;
  reorderedAt = performance.now();
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  wanted.forEach((row, place) => {
    if (body.children[place] !== row) body.insertBefore(row, body.children[place] || null);
  });
  if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

function summarise(waiting, alarms, page) {
  if (performance.now() - saidAt < SUMMARY_MS) return;
  const words = page.words;
  const queues = alarms.slice(0, SUMMARY_QUEUES).map((alarm) =>
    filled(words['overview.of_queue'], {
      queue: alarm.judged.name,
      metric: words['metric.' + alarm.metric],
      severity: words['severity.' + alarm.severity],
    }),
  );
  const text = [filled(words['overview.waiting'], { n: waiting }), ...queues].join('. ') + '.';
  const place = find('[data-summary]');
  if (place.textContent === text) return;
  saidAt = performance.now();
  place.textContent = text;
}

function showView(view) {
  find('.desk').dataset.view = view;
  for (const link of document.querySelectorAll('[data-to-view]')) {
    if (link.dataset.toView === view) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}

function startViews() {
  try {
    const kept = localStorage.getItem(VIEW);
    if (!('wished' in find('.desk').dataset) && (kept === 'cards' || kept === 'table')) showView(kept);
  } catch {
    // A browser that keeps nothing shows the cards.
  }
  for (const link of document.querySelectorAll('[data-to-view]')) {
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      showView(link.dataset.toView);
      window.history.replaceState(null, '', link.href);
      try {
        localStorage.setItem(VIEW, link.dataset.toView);
      } catch {
        // It stands in the address all the same.
      }
    });
  }
}

startViews();
startLive({ onRender: render, onPause: (page) => showTab({ waiting: 0, name: '', severity: 'calm', paused: '⏸ ' }), partsEveryMs: RENEW_MS });
