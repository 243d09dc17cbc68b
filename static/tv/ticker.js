/**
 * One tick a second for the whole page, in the moment the server's second begins, so that all clocks of all screens turn together.
 */

const AFTER_MS = 15;

/** @param {() => number} now the server's time @param {(now: number) => void} work */
export function startTicker(now, work) {
  function tick() {
    // The next one first: a mistake in the work must not stop the clock.
    schedule();
    work(now());
  }
  function schedule() {
    window.setTimeout(tick, 1000 - (((now() % 1000) + 1000) % 1000) + AFTER_MS);
  }
  schedule();
}
