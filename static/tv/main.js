/**
 * Puts a television's page together: one clock, one ticker, the board that is shown, and, on a screen that was paired, what it is told
 * beside the board.
 *
 * Rule that holds here: listeners are added once and speak to whichever board is shown, so that a day of boards leaves none behind.
 */

import { createClock } from './clock.js';
import { createReload } from './reload.js';
import { createScreen } from './screen.js';
import { createShow } from './show.js';
import { startTicker } from './ticker.js';

const root = document.documentElement;
const clock = createClock(() => performance.now(), Number(root.dataset.serverTime));
const reload = createReload();
const screen = createScreen({ clock: clock, reload: reload, begin: begin, show: () => show });
/** @type {ReturnType<import('./show.js').createShow>} */
let show = null;

function begin() {
  if (show) show.stop();
  show = createShow({ clock: clock, reload: reload, onScreen: screen.hear, onOpen: screen.opened, onMoved: screen.moved, onEnded: screen.ended });
  show.start();
}

function stayAwake() {
  // Where the browser can and may; elsewhere the television's own settings decide.
  if (navigator.wakeLock && !document.hidden) navigator.wakeLock.request('screen').catch(() => {});
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  stayAwake();
  show.look();
});
document.addEventListener('resume', () => show.wake());
window.addEventListener('pageshow', (event) => event.persisted && show.wake());
window.addEventListener('online', () => show.hurry());
// The button in the middle of a remote control.
document.addEventListener('keydown', (event) => event.key === 'Enter' && screen.identify());

begin();
stayAwake();
startTicker(clock.now, (now) => {
  show.tick(now);
  screen.tick(now);
});

/** For tests and for whoever stands before a screen with a keyboard. */
window.wallboard = {
  of: (scope) => show.of(scope),
  meter: () => show.meter(),
  now: clock.now,
  version: () => show.version(),
  turnTo: screen.turnTo,
};
