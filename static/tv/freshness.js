/**
 * How old a number may be and still be believed, as wallboard/boards/freshness.py says it, and one thing more: while the screen hears
 * nothing from its server, nothing on it gets any fresher, and what it knew before a sleep is stale.
 */

export const LATE_MS = 15000;
/** As link.js has it: the screen looks once a second, and a number without a word behind it is not live for fifteen. */
export const DEAF_MS = 13500;
export const STALE_MS = 60000;
export const GONE_MS = 300000;
export const LEVELS = ['live', 'late', 'stale', 'unknown'];

/**
 * @typedef {{level: string, aliveAt: number | null, reason: string, source: string | null, by?: string}} Standing
 */

/** @param {string} level @returns {number} 0 for live to 3 for unknown */
export function rank(level) {
  return Math.max(LEVELS.indexOf(level), 0);
}

/** Whether a clock that counts from an instant is still true. @param {Standing} standing */
export function ticks(standing) {
  return rank(standing.level) < 2;
}

/** The level as the time since the last sign of life makes it. @param {string} level @param {number | null} aliveAt @param {number} now */
export function aged(level, aliveAt, now) {
  if (level === 'live' || level === 'unknown' || aliveAt === null) return level;
  const age = now - aliveAt;
  if (age >= GONE_MS) return 'unknown';
  return age >= STALE_MS ? 'stale' : level;
}

/**
 * @param {*} told the feed's values, or undefined
 * @param {string} source
 * @param {number} now the server's time
 * @param {number} heardAt the server's time when it was last heard
 * @param {boolean} woken whether this screen slept and has heard nothing since
 * @returns {Standing}
 */
export function standingOf(told, source, now, heardAt, woken) {
  if (!told) return { level: 'unknown', aliveAt: null, reason: 'connecting', source: source };
  const aliveAt = typeof told.alive_at === 'number' ? told.alive_at : null;
  const level = aged(LEVELS.indexOf(told.level) < 0 ? 'unknown' : told.level, aliveAt, now);
  const standing = { level: level, aliveAt: aliveAt, reason: typeof told.reason === 'string' ? told.reason : 'connecting', source: source };
  if (typeof told.by === 'string') standing.by = told.by;
  return whileDeaf(standing, now, heardAt, woken);
}

/** What stands on the page alone, before any message. @param {number} now @param {number} heardAt @param {boolean} woken @returns {Standing} */
export function standingOfPage(now, heardAt, woken) {
  return whileDeaf({ level: 'live', aliveAt: null, reason: 'ok', source: null }, now, heardAt, woken);
}

/** A screen that has heard nothing keeps its numbers, but does not call them fresh. */
function whileDeaf(standing, now, heardAt, woken) {
  // How long it slept a screen cannot know: its clocks may have slept too.
  const silence = woken ? STALE_MS : now - heardAt;
  if (silence < DEAF_MS || standing.level === 'unknown') return standing;
  const level = silence >= STALE_MS ? 'stale' : 'late';
  if (rank(level) <= rank(standing.level)) return standing;
  const aliveAt = standing.level === 'live' || standing.aliveAt === null ? heardAt : standing.aliveAt;
  return { level: level, aliveAt: aliveAt, reason: 'offline', source: standing.source };
}

/** The one that may be believed least. @param {Standing[]} standings @returns {Standing} */
export function worst(standings) {
  let found = null;
  for (let i = 0; i < standings.length; i += 1) if (!found || rank(standings[i].level) > rank(found.level)) found = standings[i];
  return found || { level: 'unknown', aliveAt: null, reason: 'no_source', source: null };
}
