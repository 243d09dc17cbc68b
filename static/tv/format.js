/**
 * How a number is written on a board, letter for letter as wallboard/boards/figures.py writes it on the server.
 */

export const DASH = '–';
const HOUR_S = 3600;
const HOURS_WRITTEN = 100;

/** @param {*} value @returns {boolean} */
export function isNumber(value) {
  return typeof value === 'number' && isFinite(value);
}

/** @param {number} total whole seconds */
export function wholeSeconds(total) {
  const shown = Math.max(total, 0);
  if (shown < HOUR_S) return Math.floor(shown / 60) + ':' + two(shown % 60);
  if (shown < HOURS_WRITTEN * HOUR_S) return Math.floor(shown / HOUR_S) + 'h' + two(Math.floor((shown % HOUR_S) / 60));
  return Math.floor(shown / (24 * HOUR_S)) + 'd';
}

function two(number) {
  return number < 10 ? '0' + number : String(number);
}

function finePercent(value, language) {
  const tenths = Math.floor(value * 1000 + 0.5);
  if (tenths >= 100 || tenths % 10 === 0) return String(Math.floor(value * 100 + 0.5));
  return Math.floor(tenths / 10) + (language.indexOf('en') === 0 ? '.' : ',') + (tenths % 10);
}

/**
 * @param {string} kind count, percent, percent1, duration, since, state or text
 * @param {*} value
 * @param {{at: number | null, language: string, words: Object<string, string>}} place `at`: the instant up to which clocks count
 */
export function written(kind, value, place) {
  if (value === null || value === undefined) return DASH;
  if (kind === 'state') return place.words['state.' + value] || place.words['state.unknown'];
  if (kind === 'text') return String(value);
  if (!isNumber(value)) return DASH;
  if (kind === 'since') return place.at === null ? DASH : wholeSeconds(Math.floor((place.at - Math.trunc(value)) / 1000));
  if (kind === 'percent') return String(Math.floor(value * 100 + 0.5));
  if (kind === 'percent1') return finePercent(value, place.language);
  if (kind === 'duration') return wholeSeconds(Math.floor(value + 0.5));
  return String(Math.floor(value + 0.5));
}

const OPTIONAL = /\[([^\]]*)\]/g;
const PLACEHOLDER = /\{(\w+)\}/g;

/** Fills a sentence; a part in brackets goes when something in it is null. @param {string} sentence @param {Object<string, *>} known */
export function filled(sentence, known) {
  return (sentence || '')
    .replace(OPTIONAL, (whole, part) => ((part.match(PLACEHOLDER) || []).some((name) => missing(known[name.slice(1, -1)])) ? '' : part))
    .replace(PLACEHOLDER, (whole, name) => (missing(known[name]) ? '' : String(known[name])));
}

function missing(value) {
  return value === null || value === undefined;
}

/**
 * `HH:MM` where the board hangs, whatever zone the television believes it is in.
 * @param {string} timezone @param {string} fallbackText the clock the server wrote @param {number} fallbackAt when it wrote it
 */
export function wallClock(timezone, fallbackText, fallbackAt) {
  let format = null;
  try {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, hour: '2-digit', minute: '2-digit' });
  } catch (error) {
    // Old televisions have no zones: count on from the clock the server wrote.
  }
  const base = Number(fallbackText.slice(0, 2)) * 60 + Number(fallbackText.slice(3, 5));
  const baseMinute = Math.floor(fallbackAt / 60000);
  let lastMinute = NaN;
  let lastText = '';
  return function (instant) {
    const minute = Math.floor(instant / 60000);
    if (minute === lastMinute) return lastText;
    lastMinute = minute;
    if (format) lastText = format.format(new Date(instant));
    else {
      const there = (((base + minute - baseMinute) % 1440) + 1440) % 1440;
      lastText = two(Math.floor(there / 60)) + ':' + two(there % 60);
    }
    return lastText;
  };
}
