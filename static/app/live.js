/**
 * Keeps a page at a desk true with the boards' own socket, store and clock, without ever loading it anew.
 *
 * Understood in a page (templates/app/_live.html is its root):
 *   [data-value][data-scope][data-key][data-format]   a number; the closest [data-feed] says what it is believed by
 *   [data-feed][data-source]       gets data-freshness; a [data-why] in it the reason in words
 *   [data-part="name"]             drawn by the server: fetched anew when something of the topic changed, and put in place node by node
 *   [data-since="ms"], [data-until="ms"]      counted every second by the server's clock, and no further than its feed is believed
 *   [data-grow-since][data-grow-full][data-grow-width]   an SVG rect that grows with time, or a line that moves with data-grow-x
 *
 * Rules that hold here: what is not heard of any more is not called live, nor is anything after a sleep until a new socket has told
 * everything; while the page is paused nothing on it changes but the words that say so; names are only ever text.
 */

import { createClock } from '../tv/clock.js';
import { filled, wallClock, wholeSeconds, written } from '../tv/format.js';
import { standingOf, ticks, worst } from '../tv/freshness.js';
import { createLink } from '../tv/link.js';
import { severityOf } from '../tv/severity.js';
import { createStore } from '../tv/store.js';
import { startTicker } from '../tv/ticker.js';
import { become } from './become.js';

const ACK_MS = 1000;
const ASK_AGAIN_MS = 2000;
const SLEPT_MS = 5000;
/** In a hidden page the browser lets timers wait for a minute; messages come all the same, every ten seconds at least. */
const STOOD_STILL_MS = 15000;
const PARTS_AT_MOST_EVERY_MS = 1000;
const PARTS_AT_LEAST_EVERY_MS = 10000;
const PARTS_LIMIT_MS = 10000;

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function mark(element, name, value) {
  if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * @param {Object} [wishes]
 * @param {(page: Object) => void} [wishes.onRender] after each rendering, with the page
 * @param {(page: Object) => void} [wishes.onParts] after parts were put in place
 * @param {() => string} [wishes.address] what to fetch parts from; the page's own address unless given
 * @param {number} [wishes.everyMs] parts are fetched at least this often
 * @param {(values: Object) => boolean} [wishes.matters] whether a patch's values call for fresh parts; all do unless given
 * @param {number} [wishes.partsEveryMs] parts are fetched this often and not when something changed
 * @param {(page: Object) => void} [wishes.onPause] when the page was paused
 */
export function startLive(wishes = {}) {
  const root = document.documentElement;
  const given = root.dataset;
  const words = JSON.parse(given.texts);
  const monotonic = () => performance.now();
  const clock = createClock(monotonic, Number(given.serverTime));
  const wall = wallClock(given.timezone, given.clockText, Number(given.serverTime));
  const store = createStore();
  const find = (selector) => document.querySelector(selector);

  let heardAt = Number(given.serverTime);
  let owed = false;
  let ackedAt = 0;
  let askedAt = -ASK_AGAIN_MS;
  let livedAt = monotonic();
  let livedWall = Date.now();
  let ended = false;
  let woken = false;
  let paused = false;
  let partsAt = monotonic();
  let partsDirty = false;
  let partsUnderWay = null;
  let partsFailed = false;

  const page = {
    store,
    words,
    now: clock.now,
    wall,
    language: given.language,
    version: () => store.version(),
    standing,
    overall: () => standing('', 'calls', clock.now()),
    notice,
    isPaused: () => paused,
    pause,
    renewParts: () => renewParts(true),
    link: () => link.state(),
  };

  function sources() {
    const named = store.scopes().filter((scope) => scope.startsWith('source:'));
    return named.map((scope) => scope.slice('source:'.length));
  }

  function standing(source, feed, now) {
    const names = source ? [source] : sources();
    return worst(names.map((name) => standingOf(store.of('feed:' + name + ':' + feed), name, now, heardAt, woken)));
  }

  function reason(where, now) {
    if (where.level === 'live') return '';
    const since = where.aliveAt === null ? null : wall(where.aliveAt);
    if (where.level === 'unknown' || where.aliveAt === null) return filled(words['short.' + where.reason] || words['short.ok'], { time: since });
    if (where.level === 'late') return filled(words['say.late'], { age: Math.floor(Math.max(now - where.aliveAt, 0) / 1000) });
    return filled(words['say.stale'], { time: since });
  }

  /** Up to when a clock of this feed may count: now, or the instant it was last heard of. */
  function countsTo(where, now) {
    return ticks(where) ? now : where.aliveAt;
  }

  function showHolder(holder, now) {
    const where = standing(holder.dataset.source || '', holder.dataset.feed, now);
    mark(holder, 'data-freshness', where.level);
    const figures = holder.querySelectorAll('[data-value]');
    let empty = '';
    for (const element of figures) {
      if (element.closest('[data-feed]') !== holder) continue;
      const data = element.dataset;
      const told = store.of(data.scope);
      const value = where.level === 'unknown' || !told ? null : told[data.key];
      const none = value === null || value === undefined;
      const severity = severityOf(told, data.key, data.severityKey, ticks(where), now);
      put(element, written(data.format, value, { at: countsTo(where, now), language: given.language, words }));
      mark(element, 'data-none', none ? 'yes' : 'no');
      mark(holder, 'data-severity', severity);
      put(holder.querySelector('[data-word]'), words['severity.' + severity] || '');
      if (none) empty = data.empty || '';
    }
    const why = holder.querySelector('[data-why]');
    if (why && why.closest('[data-feed]') === holder) put(why, reason(where, now) || empty);
  }

  function showClocks(now) {
    for (const element of document.querySelectorAll('[data-since], [data-until], [data-grow-since]')) {
      const holder = element.closest('[data-feed]');
      const to = holder ? countsTo(standing(holder.dataset.source || '', holder.dataset.feed, now), now) : now;
      if (to === null) continue;
      const data = element.dataset;
      if (data.since) put(element, wholeSeconds(Math.floor((to - Number(data.since)) / 1000)));
      if (data.until) put(element, wholeSeconds(Math.ceil((Number(data.until) - to) / 1000)));
      if (data.growSince) grow(element, data, to);
    }
  }

  function grow(element, data, to) {
    const full = Number(data.growFull);
    const size = Math.min(Math.max((to - Number(data.growSince)) / full, 0), 1) * Number(data.growWidth);
    mark(element, data.growX === undefined ? 'width' : 'x', (size + Number(data.growX || 0)).toFixed(1));
  }

  function notice(overall) {
    if (ended) return words['say.expired'];
    if (link.state() === 'offline') return filled(words['say.offline'], { time: wall(heardAt) });
    if (link.state() === 'late') return words['say.link_late'];
    if (overall.level === 'live') return '';
    const since = overall.aliveAt === null ? null : wall(overall.aliveAt);
    const source = (overall.source || '').charAt(0).toUpperCase() + (overall.source || '').slice(1).toLowerCase();
    return filled(words['cause.' + overall.reason] || words['cause.ok'], { source, time: since, who: overall.by });
  }

  function render() {
    if (store.version() === null || paused) return;
    const now = clock.now();
    const overall = standing('', 'calls', now);
    for (const holder of document.querySelectorAll('[data-feed]')) showHolder(holder, now);
    showClocks(now);
    put(find('[data-standing]'), words['level.' + overall.level]);
    mark(find('[data-standing-of]'), 'data-standing-of', overall.level);
    put(find('[data-notice]'), notice(overall) || (partsFailed ? words['say.link_late'] : ''));
    mark(root, 'data-link', link.state());
    mark(root, 'data-level', overall.level);
    mark(root, 'data-version', String(store.version()));
    if (wishes.onRender) wishes.onRender(page);
  }

  function pause(yes) {
    paused = yes;
    mark(root, 'data-paused', yes ? 'yes' : 'no');
    if (yes) {
      // From here on every number is of this moment, whatever it was believed by.
      const at = wall(clock.now());
      for (const holder of document.querySelectorAll('[data-feed]')) {
        mark(holder, 'data-freshness', 'stale');
        const why = holder.querySelector('[data-why]');
        if (why && why.closest('[data-feed]') === holder) put(why, filled(words['say.stale'], { time: at }));
      }
      const said = find('[data-paused-word]');
      if (said) put(find('[data-standing]'), said.dataset.pausedWord);
      if (wishes.onPause) wishes.onPause(page);
    }
    showPause();
    if (!yes) {
      render();
      renewParts(true);
    }
  }

  function showPause() {
    const button = find('[data-pause-button]');
    if (!button) return;
    button.hidden = false;
    put(button, paused ? button.dataset.goOn : button.dataset.pause);
    put(find('[data-paused-since]'), paused ? filled(button.dataset.sinceWords, { time: wall(clock.now()) }) : '');
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

  // --- parts -----------------------------------------------------------------------------------------------------------------

  function wantsParts() {
    if (paused || document.hidden || !find('[data-part]')) return false;
    const age = monotonic() - partsAt;
    if (wishes.partsEveryMs) return age >= wishes.partsEveryMs;
    return (partsDirty && age >= PARTS_AT_MOST_EVERY_MS) || age >= (wishes.everyMs || PARTS_AT_LEAST_EVERY_MS);
  }

  async function renewParts(atOnce = false) {
    if (partsUnderWay || (!atOnce && !wantsParts())) return;
    partsAt = monotonic();
    partsDirty = false;
    partsUnderWay = fetchParts();
    try {
      await partsUnderWay;
      partsFailed = false;
    } catch {
      // The network or the server is away; the link says so, and the next turn tries again.
      partsFailed = true;
    } finally {
      partsUnderWay = null;
    }
  }

  async function fetchParts() {
    const address = wishes.address ? wishes.address() : window.location.href;
    const answer = await fetch(address, { cache: 'no-store', headers: { 'X-Parts': '1' }, signal: AbortSignal.timeout(PARTS_LIMIT_MS) });
    if (answer.redirected && new URL(answer.url).pathname !== new URL(address, window.location.href).pathname) {
      // Logged out meanwhile: let the login page take over.
      window.location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (paused) return;
    for (const part of document.querySelectorAll('[data-part]')) {
      const anew = fresh.querySelector('[data-part="' + CSS.escape(part.dataset.part) + '"]');
      if (anew) become(part, anew);
    }
    if (wishes.onParts) wishes.onParts(page);
    render();
  }

  // --- the socket ------------------------------------------------------------------------------------------------------------

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
    } catch {
      return;
    }
    const outcome = store.take(message);
    clock.hear(message.server_time);
    if (store.isWhole()) {
      heardAt = clock.now();
      woken = false;
    }
    owed = true;
    if (outcome.kind === 'gap') resync();
    if (outcome.kind === 'snapshot' || (outcome.kind === 'patch' && (!wishes.matters || wishes.matters(message.values)))) partsDirty = true;
    acknowledge(outcome.kind === 'snapshot');
    render();
    renewParts();
  }

  const link = createLink({
    url: (window.location.protocol === 'https:' ? 'wss://' : 'ws://') + window.location.host + given.socket,
    onMessage: hear,
    onOpen: () => store.distrust(),
    onState: render,
    onEnded: () => {
      ended = true;
      render();
      // A login that ended: the page itself leads to the login.
      renewParts(true);
    },
  });

  function note() {
    livedAt = monotonic();
    livedWall = Date.now();
  }

  /** Some machines stop both clocks in their sleep, some one of them; a clock that was set back is no sleep. */
  function slept() {
    const passed = monotonic() - livedAt;
    const unseen = Date.now() - livedWall - passed;
    return passed > STOOD_STILL_MS || unseen > SLEPT_MS;
  }

  function wake() {
    note();
    if (ended) return;
    woken = true;
    clock.forget();
    store.distrust();
    askedAt = monotonic();
    link.renew();
    render();
  }

  function tick() {
    if (slept()) wake();
    note();
    link.watch();
    if (!store.isWhole()) resync();
    acknowledge(false);
    render();
    renewParts();
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) tick();
  });
  const button = find('[data-pause-button]');
  if (button) button.addEventListener('click', () => pause(!paused));
  showPause();
  link.start();
  startTicker(clock.now, tick);
  window.wallboard = page;
  return page;
}
