/**
 * One board as long as it is shown: link -> store -> bind -> commit. A television that shows several in turn makes one after the other.
 *
 * Rules that hold here: a message counts as fresh only while nothing is missing; the newest version applied is acknowledged at once
 * after a snapshot and once a second while messages come; after a sleep everything is stale until a new socket has brought a snapshot,
 * whichever event of the browser comes first; a screen whose access has ended shows and keeps nothing; a board that was stopped holds on
 * to nothing: no socket, no timer, no listener.
 */

import { bindBoard } from './bind.js';
import { createCommit } from './commit.js';
import { filled, wallClock } from './format.js';
import { ticks } from './freshness.js';
import { createLink, LATE_MS } from './link.js';
import { createStore } from './store.js';
import { wipe } from './wipe.js';

const ACK_MS = 1000;
const ASK_AGAIN_MS = 5000;
/** In a hidden page the browser lets timers wait; messages come all the same, every ten seconds at least. */
const HIDDEN_ACK_MS = 250;
const SLEPT_MS = 5000;
const SLEPT_HIDDEN_MS = 15000;
const SHIFT_MS = 120000;
const SHIFTS = 8;

const monotonic = () => performance.now();

/**
 * Begins to show the board that stands on the page.
 * @param {{
 *   clock: ReturnType<import('./clock.js').createClock>,
 *   reload: ReturnType<import('./reload.js').createReload>,
 *   onScreen?: (message: Object) => void,
 *   onOpen?: () => void,
 *   onMoved?: () => void,
 *   onEnded?: () => void,
 * }} place what outlives the board; `onScreen` hears what the screen itself is told, `onMoved` that this board is not its own any more
 */
export function createShow(place) {
  const root = document.documentElement;
  const given = Object.assign({}, root.dataset);
  const words = JSON.parse(given.texts);
  const clock = place.clock;
  const reload = place.reload;
  const wall = wallClock(given.timezone, given.clockText, Number(given.serverTime));
  let store = createStore();
  const commit = createCommit();
  const stage = document.querySelector('main.board:not([data-leaving])');
  let board = bindBoard(stage, commit, store, { words: words, language: given.language, clock: wall });

  const head = stage.querySelector('[data-top]');
  const slots = {
    link: commit.attributeOf(root, 'data-link'),
    level: commit.attributeOf(root, 'data-level'),
    shift: commit.attributeOf(root, 'class'),
    notice: commit.attributeOf(head, 'data-notice'),
    noticeText: commit.textOf(stage.querySelector('[data-notice-text]')),
    standing: commit.textOf(stage.querySelector('[data-standing]')),
    glyph: commit.attributeOf(stage.querySelector('[data-standing-glyph]'), 'href'),
    clock: commit.textOf(stage.querySelector('[data-clock]')),
  };
  const unshifted = root.className;
  const drawnNotice = slots.noticeText.shown;

  let heardAt = Number(given.serverTime);
  let owed = false;
  let ackedAt = -ACK_MS;
  let askedAt = -ASK_AGAIN_MS;
  let ended = false;
  let stopped = false;
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
    if (message && message.type === 'screen') {
      // No word about the board: neither fresh nor to be acknowledged.
      if (place.onScreen) place.onScreen(message);
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
    if (ended) return words[given.screen ? 'say.unpaired' : 'say.expired'];
    if (link.state() === 'offline') return filled(words['say.offline'], { time: heard });
    if (woken || link.silence() >= LATE_MS) return words['say.link_late'];
    if (!overall) return drawnNotice;
    if (ticks(overall) || overall.reason === 'offline') return '';
    const since = overall.aliveAt === null ? null : wall(overall.aliveAt);
    return filled(words['cause.' + overall.reason] || words['cause.ok'], { source: source(overall.source), time: since, who: overall.by });
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
    if (ended || stopped) return;
    woken = true;
    clock.forget();
    store.distrust();
    askedAt = monotonic();
    link.renew();
    render(null);
  }

  const link = createLink({
    url: (window.location.protocol === 'https:' ? 'wss://' : 'ws://') + window.location.host + given.socket,
    onMessage: hear,
    onOpen() {
      store.distrust();
      askedAt = monotonic();
      if (place.onOpen) place.onOpen();
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
      if (place.onEnded) place.onEnded();
    },
    onMoved: place.onMoved,
    onAdmitted() {
      // The page has nothing left to show numbers in.
      reload.want('admitted ' + Math.floor(clock.now() / 60000));
    },
  });

  return {
    start: link.start,
    /** Once a second, with the server's time. @param {number} now */
    tick(now) {
      if (slept()) wake();
      note();
      link.watch();
      if (!store.isWhole()) askForSnapshot();
      acknowledge(ACK_MS / 2);
      const step = Math.floor(now / SHIFT_MS) % SHIFTS;
      commit.put(slots.shift, step ? unshifted + ' shift-' + step : unshifted);
      render(null);
      reload.watch(wall(now));
    },
    /** The machine or the page has slept. */
    wake: wake,
    /** It is seen again, and may have slept. */
    look() {
      if (slept()) wake();
    },
    hurry: link.hurry,
    send: link.send,
    /** Another board takes its place: nothing of it is left but what stands on the page. */
    stop() {
      stopped = true;
      link.stop();
      commit.forget();
      changed.clear();
      board = null;
    },
    of: (scope) => store.of(scope),
    version: () => store.version(),
    meter: commit.meter,
    /** Whether the server is heard: what hangs on the wall is the present. */
    isLive: () => !ended && link.state() === 'live',
  };
}
