/**
 * Puts the parts of the television board together: link -> store -> bind -> commit, one clock, one ticker.
 *
 * Rules that hold here: a message counts as fresh only while nothing is missing; the newest version applied is acknowledged at once
 * after a snapshot and once a second while messages come; after a sleep everything is stale until a new socket has brought a snapshot,
 * whichever event of the browser comes first; a screen whose access has ended shows and keeps nothing.
 */

import { bindBoard } from './bind.js';
import { createClock } from './clock.js';
import { createCommit } from './commit.js';
import { filled, wallClock } from './format.js';
import { ticks } from './freshness.js';
import { createLink, LATE_MS } from './link.js';
import { createReload } from './reload.js';
import { createStore } from './store.js';
import { startTicker } from './ticker.js';
import { wipe } from './wipe.js';

const ACK_MS = 1000;
const ASK_AGAIN_MS = 5000;
/** In a hidden page the browser lets timers wait; messages come all the same, every ten seconds at least. */
const HIDDEN_ACK_MS = 250;
const SLEPT_MS = 5000;
const SLEPT_HIDDEN_MS = 15000;
const SHIFT_MS = 120000;
const SHIFTS = 8;

const root = document.documentElement;
const given = root.dataset;
const words = JSON.parse(given.texts);
const monotonic = () => performance.now();
const clock = createClock(monotonic, Number(given.serverTime));
const wall = wallClock(given.timezone, given.clockText, Number(given.serverTime));
let store = createStore();
const commit = createCommit();
let board = bindBoard(document, commit, store, { words: words, language: given.language, clock: wall });
const reload = createReload();

const head = document.querySelector('[data-top]');
const slots = {
  link: commit.attributeOf(root, 'data-link'),
  level: commit.attributeOf(root, 'data-level'),
  shift: commit.attributeOf(root, 'class'),
  notice: commit.attributeOf(head, 'data-notice'),
  noticeText: commit.textOf(document.querySelector('[data-notice-text]')),
  standing: commit.textOf(document.querySelector('[data-standing]')),
  glyph: commit.attributeOf(document.querySelector('[data-standing-glyph]'), 'href'),
  clock: commit.textOf(document.querySelector('[data-clock]')),
};
const unshifted = root.className;
const drawnNotice = slots.noticeText.shown;

let heardAt = Number(given.serverTime);
let owed = false;
let ackedAt = -ACK_MS;
let askedAt = -ASK_AGAIN_MS;
let ended = false;
let woken = false;
let livedAt = monotonic();
let livedWall = Date.now();
/** What changed while no frame was to be had. @type {Set<string>} */
const changed = new Set();

/** @param {number} since milliseconds that must lie between this acknowledgement and the last */
function acknowledge(since) {
  const now = monotonic();
  if (!owed || store.version() === null || now - ackedAt < since) return;
  if (link.send({ type: 'ack', version: store.version() })) {
    owed = false;
    ackedAt = now;
  }
}

function askForSnapshot() {
  if (monotonic() - askedAt < ASK_AGAIN_MS) return;
  if (link.send({ type: 'resync' })) askedAt = monotonic();
}

function hear(text) {
  if (slept()) {
    // What an old socket held back is from before the sleep.
    wake();
    return;
  }
  note();
  let message = null;
  try {
    message = JSON.parse(text);
  } catch (error) {
    return;
  }
  const outcome = store.take(message);
  if (message) clock.hear(message.server_time);
  if (store.isWhole()) {
    heardAt = clock.now();
    woken = false;
  }
  owed = true;
  if (outcome.kind === 'snapshot') {
    askedAt = -ASK_AGAIN_MS;
    changed.clear();
    compare(store.board());
    render(null);
  } else if (outcome.kind === 'patch') {
    for (let i = 0; i < outcome.scopes.length; i += 1) changed.add(outcome.scopes[i]);
    render(Array.from(changed));
    changed.clear();
  } else if (outcome.kind === 'gap') askForSnapshot();
  if (message && message.build && message.build !== given.build) reload.want('build ' + message.build);
  acknowledge(outcome.kind === 'snapshot' ? 0 : document.hidden ? HIDDEN_ACK_MS : ACK_MS);
}

function compare(drawn) {
  if (!drawn || !drawn.rev) return;
  if (drawn.rev === given.boardRev) reload.contented();
  else reload.want('rev ' + drawn.rev);
}

function render(scopes) {
  if (board) board.render(clock.now(), heardAt, scopes, woken);
  showHead();
  commit.ask();
}

function source(name) {
  const spaced = (name || '').replace(/-/g, ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1).toLowerCase();
}

function noticeOf(overall) {
  const heard = wall(heardAt);
  if (ended) return words['say.expired'];
  if (link.state() === 'offline') return filled(words['say.offline'], { time: heard });
  if (woken || link.silence() >= LATE_MS) return words['say.link_late'];
  if (!overall) return drawnNotice;
  if (ticks(overall) || overall.reason === 'offline') return '';
  const since = overall.aliveAt === null ? null : wall(overall.aliveAt);
  return filled(words['cause.' + overall.reason] || words['cause.ok'], { source: source(overall.source), time: since });
}

function showHead() {
  const overall = board ? board.overall() : null;
  const notice = noticeOf(overall);
  const level = overall ? overall.level : board ? given.level : 'unknown';
  commit.put(slots.link, link.state());
  commit.put(slots.level, level);
  commit.put(slots.standing, words['level.' + level]);
  commit.put(slots.glyph, '#l-' + level);
  commit.put(slots.noticeText, notice);
  commit.put(slots.notice, notice ? 'yes' : 'no');
  commit.put(slots.clock, wall(clock.now()));
}

function note() {
  livedAt = monotonic();
  livedWall = Date.now();
}

/** Some machines stop both clocks in their sleep, some one of them; a clock that was set back is no sleep. */
function slept() {
  const passed = monotonic() - livedAt;
  const unseen = Date.now() - livedWall - passed;
  return passed > (document.hidden ? SLEPT_HIDDEN_MS : SLEPT_MS) || unseen > SLEPT_MS;
}

function wake() {
  note();
  if (ended) return;
  woken = true;
  clock.forget();
  store.distrust();
  askedAt = monotonic();
  link.renew();
  render(null);
}

function tick(now) {
  if (slept()) wake();
  note();
  link.watch();
  if (!store.isWhole()) askForSnapshot();
  acknowledge(ACK_MS / 2);
  const step = Math.floor(now / SHIFT_MS) % SHIFTS;
  commit.put(slots.shift, step ? unshifted + ' shift-' + step : unshifted);
  render(null);
  reload.watch(wall(now));
}

function stayAwake() {
  // Where the browser can and may; elsewhere the television's own settings decide.
  if (navigator.wakeLock && !document.hidden) navigator.wakeLock.request('screen').catch(() => {});
}

const link = createLink({
  url: (window.location.protocol === 'https:' ? 'wss://' : 'ws://') + window.location.host + given.socket,
  onMessage: hear,
  onOpen() {
    store.distrust();
    askedAt = monotonic();
  },
  onState() {
    showHead();
    commit.ask();
  },
  onEnded() {
    ended = true;
    commit.forget();
    changed.clear();
    wipe(document, words['short.expired']);
    board = null;
    store = createStore();
    render(null);
  },
  onAdmitted() {
    // The page has nothing left to show numbers in.
    reload.want('admitted ' + Math.floor(clock.now() / 60000));
  },
});

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  stayAwake();
  if (slept()) wake();
});
document.addEventListener('resume', wake);
window.addEventListener('pageshow', (event) => event.persisted && wake());
window.addEventListener('online', () => link.hurry());

stayAwake();
link.start();
startTicker(clock.now, tick);

/** For tests and for whoever stands before a screen with a keyboard. */
window.wallboard = { of: (scope) => store.of(scope), meter: commit.meter, now: clock.now, version: () => store.version() };
