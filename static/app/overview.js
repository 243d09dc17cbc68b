/**
 * Keeps the overview true with the boards' own socket, store and clock. A page at a desk may reload itself when its structure changes.
 */

import { createClock } from '../tv/clock.js';
import { filled, wallClock, written } from '../tv/format.js';
import { standingOf, ticks, worst } from '../tv/freshness.js';
import { createLink } from '../tv/link.js';
import { severityOf } from '../tv/severity.js';
import { createStore } from '../tv/store.js';
import { startTicker } from '../tv/ticker.js';
import { sentence } from './sentence.js';

const ACK_MS = 1000;
const ASK_AGAIN_MS = 2000;
const SLEPT_MS = 5000;
const RELOAD_AGAIN_MS = 60000;

const root = document.documentElement;
const given = root.dataset;
const words = JSON.parse(given.texts);
const monotonic = () => performance.now();
const clock = createClock(monotonic, Number(given.serverTime));
const wall = wallClock(given.timezone, given.clockText, Number(given.serverTime));
const store = createStore();
const title = document.title;

const find = (selector) => document.querySelector(selector);
const places = {
  sentence: find('[data-sentence]'),
  standing: find('[data-standing]'),
  lamp: find('[data-standing-of]'),
  notice: find('[data-notice]'),
};
const figures = Array.from(document.querySelectorAll('[data-value]')).map((element) => {
  const holder = element.closest('[data-freshness]');
  return { element, holder, data: element.dataset, word: holder.querySelector('[data-word]'), why: holder.querySelector('[data-why]') };
});

let heardAt = Number(given.serverTime);
let owed = false;
let ackedAt = 0;
let askedAt = -ASK_AGAIN_MS;
let tickedAt = monotonic();
let tickedWall = Date.now();
let ended = false;

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function sources() {
  const named = store.scopes().filter((scope) => scope.startsWith('source:'));
  return named.map((scope) => scope.slice('source:'.length));
}

function standing(source, feed, now) {
  const names = source ? [source] : sources();
  return worst(names.map((name) => standingOf(store.of('feed:' + name + ':' + feed), name, now, heardAt)));
}

function reason(where, now) {
  if (where.level === 'live') return '';
  const since = where.aliveAt === null ? null : wall(where.aliveAt);
  if (where.level === 'unknown' || where.aliveAt === null) return filled(words['short.' + where.reason] || words['short.ok'], { time: since });
  if (where.level === 'late') return filled(words['say.late'], { age: Math.floor(Math.max(now - where.aliveAt, 0) / 1000) });
  return filled(words['say.stale'], { time: since });
}

function show(figure, now) {
  const { data, holder } = figure;
  const where = standing(holder.dataset.source, holder.dataset.feed, now);
  const told = store.of(data.scope);
  const value = where.level === 'unknown' || !told ? null : told[data.key];
  const at = ticks(where) ? now : where.aliveAt;
  const empty = value === null || value === undefined;
  const severity = severityOf(told, data.key, data.severityKey, ticks(where), now);
  put(figure.element, written(data.format, value, { at, language: given.language, words }));
  mark(figure.element, 'data-none', empty ? 'yes' : 'no');
  mark(holder, 'data-freshness', where.level);
  mark(holder, 'data-severity', severity);
  put(figure.word, words['severity.' + severity] || '');
  const none = data.key === 'longest_wait_since' ? words['sentence.nobody_waits'] : words['sentence.empty'];
  put(figure.why, reason(where, now) || (empty ? none : ''));
}

function notice(overall) {
  if (ended) return words['say.expired'];
  if (link.state() === 'offline') return filled(words['say.offline'], { time: wall(heardAt) });
  if (link.state() === 'late') return words['say.link_late'];
  if (overall.level === 'live') return '';
  const since = overall.aliveAt === null ? null : wall(overall.aliveAt);
  const source = (overall.source || '').charAt(0).toUpperCase() + (overall.source || '').slice(1).toLowerCase();
  return filled(words['cause.' + overall.reason] || words['cause.ok'], { source, time: since });
}

function render() {
  if (store.version() === null) return;
  const now = clock.now();
  const overall = standing('', 'calls', now);
  figures.forEach((figure) => show(figure, now));
  const presence = standing('', 'agents', now).level !== 'unknown';
  const told = overall.level === 'unknown' ? null : sentence(store, words, ticks(overall) ? now : overall.aliveAt, presence);
  put(places.sentence, told || notice(overall) || words['cause.no_source']);
  put(places.standing, words['level.' + overall.level]);
  mark(places.lamp, 'data-standing-of', overall.level);
  put(places.notice, told ? notice(overall) : '');
  mark(root, 'data-link', link.state());
  mark(root, 'data-level', overall.level);
  const site = store.of('site') || {};
  document.title = told && site.waiting > 0 ? '(' + site.waiting + ') ' + title : title;
}

function acknowledge(atOnce) {
  const now = monotonic();
  if (!owed || store.version() === null || (!atOnce && now - ackedAt < ACK_MS)) return;
  if (link.send({ type: 'ack', version: store.version() })) {
    owed = false;
    ackedAt = now;
  }
}

function resync() {
  if (monotonic() - askedAt < ASK_AGAIN_MS) return;
  if (link.send({ type: 'resync' })) askedAt = monotonic();
}

async function renewPage() {
  const before = Number(sessionStorage.getItem('reloaded')) || 0;
  if (Date.now() - before < RELOAD_AGAIN_MS) return;
  try {
    // Never into an error page.
    const alive = await fetch('/healthz', { cache: 'no-store' });
    if (!alive.ok) return;
  } catch {
    return;
  }
  sessionStorage.setItem('reloaded', String(Date.now()));
  window.location.reload();
}

function hear(text) {
  let message = null;
  try {
    message = JSON.parse(text);
  } catch {
    return;
  }
  const outcome = store.take(message);
  clock.hear(message.server_time);
  if (store.isWhole()) heardAt = clock.now();
  owed = true;
  if (outcome.kind === 'gap') resync();
  if (outcome.kind === 'snapshot' && store.board() && store.board().rev !== given.boardRev) renewPage();
  acknowledge(outcome.kind === 'snapshot');
  render();
}

const link = createLink({
  url: (window.location.protocol === 'https:' ? 'wss://' : 'ws://') + window.location.host + given.socket,
  onMessage: hear,
  onOpen: () => store.distrust(),
  onState: render,
  onEnded: () => {
    ended = true;
    // A login that ended; the page itself leads to the login.
    render();
    renewPage();
  },
});

function tick() {
  const passed = monotonic() - tickedAt;
  const passedWall = Date.now() - tickedWall;
  tickedAt = monotonic();
  tickedWall = Date.now();
  if (Math.abs(passedWall - passed) > SLEPT_MS || passed > 2 * SLEPT_MS) {
    clock.forget();
    store.distrust();
    link.hurry();
    resync();
  }
  link.watch();
  if (!store.isWhole()) resync();
  acknowledge(false);
  render();
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) tick();
});
link.start();
startTicker(clock.now, tick);
window.wallboard = { store, now: clock.now, version: () => store.version() };
