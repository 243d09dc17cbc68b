/**
 * What a screen does beside showing its board: takes its turn in a playlist, says its name when asked, goes dark, reports how it is, and
 * finds its way when it was given another board or lost its key.
 *
 * Rules that hold here: a board on which callers wait too long is not turned away while they do, for five minutes at most; nothing is
 * shown that was not fetched whole; a screen that lost its key first shows nothing, and a while later a new pairing code.
 */

import { createCommit } from './commit.js';
import { placeIn } from './playlist.js';
import { fetchBoard, putBoard } from './swap.js';

const HOLD_MS = 300000;
const AHEAD_MS = 4000;
const TOO_OLD_MS = 8000;
const AGAIN_MS = 5000;
const REPORT_MS = 30000;
const FIRST_REPORT_MS = 2000;
const IDENTIFY_MS = 20000;
const PAIR_AGAIN_MS = 12000;
const LONG_NAME = 24;
/** Somebody waits too long, or too many do; a service level that was lost this morning keeps no board on the wall. */
const URGENT = ['waiting', 'longest_wait_since'].map((key) => 'main.board:not([data-leaving]) [data-key="' + key + '"][data-severity="act"]').join(',');

/**
 * @param {{
 *   clock: ReturnType<import('./clock.js').createClock>,
 *   reload: ReturnType<import('./reload.js').createReload>,
 *   begin: () => void,
 *   show: () => ReturnType<import('./show.js').createShow>,
 * }} page
 */
export function createScreen(page) {
  const root = document.documentElement;
  const commit = createCommit();
  const slotOf = (selector, name) => {
    const element = document.querySelector(selector);
    return element ? (name ? commit.attributeOf(element, name) : commit.textOf(element)) : null;
  };
  const slots = {
    identify: slotOf('[data-identify]', 'data-identify'),
    name: slotOf('[data-screen-name]', ''),
    long: slotOf('[data-screen-name]', 'data-long'),
    room: slotOf('[data-screen-room]', ''),
    dark: slotOf('[data-dark]', 'data-dark'),
    boardCode: slotOf('[data-code-of="board"]', 'd'),
    boardBox: slotOf('[data-box-of="board"]', 'viewBox'),
  };
  /** What the server last told us; null on a page that is no paired screen's. */
  let told = root.dataset.screen ? JSON.parse(root.dataset.screen) : null;
  const bornAt = Math.round(page.clock.now());
  let identifyUntil = 0;
  let heldSince = 0;
  let reportAt = performance.now() + FIRST_REPORT_MS;
  let endedAt = 0;
  let ahead = { board: '', page: null, at: 0 };
  let asking = false;
  let askAgainAt = 0;

  const addressOf = (board) => root.dataset.home + '?board=' + encodeURIComponent(board);

  /** Fetches a board and hands it over, one at a time. */
  function ask(board, use) {
    if (asking || performance.now() < askAgainAt) return;
    asking = true;
    fetchBoard(addressOf(board)).then((found) => {
      asking = false;
      if (found && !endedAt) use(found);
      else askAgainAt = performance.now() + AGAIN_MS;
    });
  }

  function put(found) {
    if (found.documentElement.dataset.build !== root.dataset.build) {
      page.reload.want('build ' + found.documentElement.dataset.build);
      return;
    }
    heldSince = 0;
    ahead = { board: '', page: null, at: 0 };
    // Whoever asked for a reload before this page was made has not had it yet.
    told = Object.assign(JSON.parse(found.documentElement.dataset.screen), { reload_at: told.reload_at });
    putBoard(found, page.begin);
    page.reload.contented();
    const drawn = document.importNode(found.querySelector('[data-code-of="board"]'), false);
    if (slots.boardCode) {
      commit.put(slots.boardCode, drawn.getAttribute('d'));
      commit.put(slots.boardBox, found.querySelector('[data-box-of="board"]').getAttribute('viewBox'));
    }
  }

  function turn(now) {
    const steps = told.steps;
    const shown = root.dataset.board;
    const place = placeIn(steps, now);
    if (root.dataset.look !== told.look) {
      ask(place.board, put);
      return;
    }
    if (place.board === shown) {
      heldSince = 0;
      const isNear = place.leftMs <= AHEAD_MS && place.next !== shown;
      if (isNear && (ahead.board !== place.next || now - ahead.at > TOO_OLD_MS)) {
        ask(place.next, (found) => (ahead = { board: place.next, page: found, at: page.clock.now() }));
      }
      return;
    }
    const urgent = steps.some((step) => step.board === shown) && document.querySelector(URGENT);
    if (urgent && !heldSince) heldSince = now;
    if (urgent && now - heldSince < HOLD_MS) return;
    const isReady = ahead.page && ahead.board === place.board && now - ahead.at <= TOO_OLD_MS && ahead.page.documentElement.dataset.look === told.look;
    if (isReady) put(ahead.page);
    else ask(place.board, put);
  }

  function engine() {
    const agent = navigator.userAgent;
    const version = /(?:Chrome|Firefox|Version)\/(\d+)/.exec(agent);
    const maker = /Tizen [\d.]+|Web0S|Android [\d.]+|CrOS|Windows|Mac OS X|Linux/.exec(agent);
    const name = agent.indexOf('Chrome/') >= 0 ? 'Chromium' : agent.indexOf('Firefox/') >= 0 ? 'Firefox' : 'Safari';
    return (name + ' ' + (version ? version[1] : '?') + (maker ? ', ' + maker[0] : '')).slice(0, 80);
  }

  function report() {
    const memory = performance.memory;
    const sent = page.show().send({
      type: 'report',
      heap: memory ? memory.usedJSHeapSize : null,
      nodes: document.getElementsByTagName('*').length,
      engine: engine(),
      width: window.screen.width,
      height: window.screen.height,
      skew_ms: Math.round(Date.now() - page.clock.now()),
      build: root.dataset.build,
      visible: !document.hidden,
      since: bornAt,
    });
    reportAt = performance.now() + (sent ? REPORT_MS : FIRST_REPORT_MS);
  }

  function showOrders(now) {
    if (endedAt) return;
    const until = Math.max(identifyUntil, told && told.identify_until ? told.identify_until : 0);
    if (slots.identify) commit.put(slots.identify, until > now ? 'yes' : 'no');
    if (told && slots.name) {
      commit.put(slots.name, told.name);
      commit.put(slots.long, told.name.length > LONG_NAME ? 'yes' : 'no');
      commit.put(slots.room, told.room);
      commit.put(slots.dark, told.blanked ? 'yes' : 'no');
    }
    commit.ask();
  }

  return {
    /** The server tells the screen what it is to be. @param {*} message */
    hear(message) {
      if (!told || !Array.isArray(message.steps) || !message.steps.length) return;
      if (message.reload_at && message.reload_at !== told.reload_at) page.reload.want('asked ' + message.reload_at, true);
      told = message;
      askAgainAt = 0;
      const now = page.clock.now();
      showOrders(now);
      turn(now);
    },
    /** Another socket, which has heard nothing of us yet. */
    opened() {
      reportAt = performance.now() + FIRST_REPORT_MS;
    },
    /** The server does not give this board to this screen any more: what is it to show? */
    moved() {
      if (told) ask('', put);
    },
    /** The key opens nothing any more. */
    ended() {
      endedAt = performance.now();
      [['identify', 'no'], ['dark', 'no'], ['name', ''], ['room', '']].forEach((each) => slots[each[0]] && commit.put(slots[each[0]], each[1]));
      commit.ask();
    },
    /** Shows another of its boards now. @param {string} board */
    turnTo: (board) => fetchBoard(addressOf(board)).then((found) => found && put(found)),
    /** Says which screen this is, and shows the way to the numbers. */
    identify() {
      identifyUntil = page.clock.now() + IDENTIFY_MS;
      showOrders(page.clock.now());
    },
    /** Once a second. @param {number} now the server's time */
    tick(now) {
      showOrders(now);
      if (!told) return;
      if (endedAt) {
        if (performance.now() - endedAt >= PAIR_AGAIN_MS) page.reload.want('pair');
        return;
      }
      turn(now);
      if (performance.now() >= reportAt) report();
    },
  };
}
