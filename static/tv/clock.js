/**
 * The server's time on a machine whose own clock may be wrong.
 *
 * Rules that hold here: the device's wall clock is never asked; a message can only be late, never early, so the earliest of the
 * recent ones is the truest; small differences are slewed so that no number jumps, large ones are stepped.
 */

export const SLEW_MS_PER_S = 50;
export const STEP_MS = 2000;
const WINDOW_MS = 120000;
const BUCKETS = 12;
/** So many messages in a row must agree that we are ahead before the clock is set back: one may just have been held up. */
const AGREEING = 3;

/**
 * @param {() => number} monotonic milliseconds that only grow
 * @param {number} serverTime the server's time (epoch ms) when the page was written
 */
export function createClock(monotonic, serverTime) {
  let offset = serverTime - monotonic();
  let target = offset;
  let slewedAt = monotonic();
  let behind = 0;
  /** The best sample of each of the last BUCKETS slices of time. @type {{slice: number, sample: number}[]} */
  const best = [];

  function slew() {
    const now = monotonic();
    const room = ((now - slewedAt) / 1000) * SLEW_MS_PER_S;
    slewedAt = now;
    const gap = target - offset;
    offset += Math.abs(gap) <= room ? gap : Math.sign(gap) * room;
  }

  function step(sample) {
    best.length = 0;
    behind = 0;
    target = sample;
    offset = sample;
  }

  /** A message of the server says what time it was when it was sent. @param {number} sentAt epoch ms */
  function hear(sentAt) {
    if (typeof sentAt !== 'number' || !isFinite(sentAt)) return;
    const now = monotonic();
    slew();
    const sample = sentAt - now;
    if (sample - offset > STEP_MS) {
      step(sample);
      return;
    }
    if (offset - sample > STEP_MS) {
      behind += 1;
      if (behind >= AGREEING) step(sample);
      return;
    }
    behind = 0;
    const slice = Math.floor(now / (WINDOW_MS / BUCKETS));
    const last = best[best.length - 1];
    if (last && last.slice === slice) last.sample = Math.max(last.sample, sample);
    else best.push({ slice: slice, sample: sample });
    while (best.length > BUCKETS) best.shift();
    target = best.reduce((most, entry) => Math.max(most, entry.sample), -Infinity);
  }

  return {
    hear: hear,
    /** The server's time now, epoch ms. */
    now() {
      slew();
      return monotonic() + offset;
    },
    /** After a sleep nothing learnt before holds: the next message sets the clock. */
    forget() {
      best.length = 0;
      behind = AGREEING;
    },
  };
}
