/**
 * Loading the page anew without ever losing the board: only when the server answers, seldom, and not all screens at once.
 *
 * Rules that hold here: an answer is `/healthz` as our server gives it and after it the board itself, because a hotel's or a guest
 * network's own page answers 200 to everything, and a browser's error page never comes back.
 */

const ANSWER_MS = 8000;
const YOUNGEST_MS = 10000;
const SAME_AGAIN_MS = 120000;
const SPREAD_MS = 3000;
const NIGHT_FIRST_MIN = 180;
const NIGHT_LAST_MIN = 270;
const OLD_ENOUGH_MS = 6 * 3600 * 1000;
const HEAP_MOST = 60e6;
const MEMORY = 'wallboard-reload';

/**
 * @param {{monotonic?: () => number, wall?: () => number, random?: () => number, answer?: () => Promise<boolean>, go?: () => void,
 *   remembered?: Storage}} [options]
 */
export function createReload(options) {
  const given = options || {};
  const monotonic = given.monotonic || (() => performance.now());
  const wall = given.wall || (() => Date.now());
  const random = given.random || Math.random;
  const answer = given.answer || serverAnswers;
  const go = given.go || (() => window.location.reload());
  const memory = given.remembered || window.sessionStorage;
  const born = monotonic();
  const night = NIGHT_FIRST_MIN + Math.floor(random() * (NIGHT_LAST_MIN - NIGHT_FIRST_MIN));
  let wanted = '';
  let notBefore = 0;
  let asking = false;

  function lastTime() {
    try {
      return JSON.parse(memory.getItem(MEMORY) || '{}');
    } catch (error) {
      return {};
    }
  }

  function remember(why) {
    try {
      memory.setItem(MEMORY, JSON.stringify({ why: why, at: wall() }));
    } catch (error) {
      // A television without storage reloads all the same.
    }
  }

  return {
    /**
     * The page is not what the server would draw now.
     * @param {string} why what it is to become, so that it is not tried in a circle
     * @param {boolean} [atOnce] somebody stands there and waits for it
     */
    want(why, atOnce) {
      if (wanted === why) return;
      wanted = why;
      notBefore = atOnce ? monotonic() : Math.max(born + YOUNGEST_MS, monotonic()) + random() * SPREAD_MS;
      const last = lastTime();
      if (last.why === why) notBefore = Math.max(notBefore, monotonic() + SAME_AGAIN_MS - Math.max(wall() - last.at, 0));
    },
    /** The page has again the places the server would draw; what else was wanted of it stays so. */
    contented() {
      if (wanted.indexOf('rev ') === 0) wanted = '';
    },
    /** Once a second: reloads when it is wanted, due and safe. @param {string} clock `HH:MM` where the board hangs */
    watch(clock) {
      const minute = Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
      const old = monotonic() - born >= OLD_ENOUGH_MS;
      if (!wanted && old && minute >= night && minute < NIGHT_LAST_MIN) this.want('night');
      const heap = performance.memory ? performance.memory.usedJSHeapSize : 0;
      if (!wanted && heap > HEAP_MOST) this.want('heap');
      if (!wanted || asking || monotonic() < notBefore) return;
      asking = true;
      const why = wanted;
      answer().then((isThere) => {
        asking = false;
        if (isThere && wanted === why) {
          remember(why);
          go();
        } else notBefore = monotonic() + 10000 + random() * 5000;
      });
    },
  };
}

function serverAnswers() {
  return new Promise((resolve) => {
    const tooLate = window.setTimeout(() => resolve(false), ANSWER_MS);
    const ours = (response) => response.status === 200 && !response.redirected;
    window
      .fetch('/healthz', { cache: 'no-store', credentials: 'omit' })
      .then((response) => (ours(response) ? response.json() : {}))
      .then((told) => (told.status === 'ok' ? window.fetch(window.location.href, { cache: 'no-store', credentials: 'same-origin' }) : null))
      .then((response) => (response && ours(response) ? response.text() : ''))
      .then((page) => page.indexOf(' data-board="') >= 0, () => false)
      .then((isThere) => {
        window.clearTimeout(tooLate);
        resolve(isThere);
      });
  });
}
