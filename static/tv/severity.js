/**
 * How bad a number is: the server says so, but for waits, which are judged by the instants of their limits; pure.
 */

export const SEVERITIES = ['calm', 'attention', 'act'];

/**
 * @param {Object<string, *> | undefined} told the values of the scope
 * @param {string} key the metric
 * @param {string} from the metric that carries the severity, or ''
 * @param {boolean} ticks whether the feed is fresh enough to judge by
 * @param {number} now the server's time
 */
export function severityOf(told, key, from, ticks, now) {
  if (!ticks) return 'unknown';
  if (!told || !from || told[key] === null || told[key] === undefined) return 'calm';
  const given = told[from];
  if (from === 'longest_wait:limits') return byLimits(given, now);
  return SEVERITIES.indexOf(given) < 0 ? 'calm' : given;
}

function byLimits(limits, now) {
  if (!Array.isArray(limits) || limits.length !== 2) return 'calm';
  if (typeof limits[1] === 'number' && now >= limits[1]) return 'act';
  return typeof limits[0] === 'number' && now >= limits[0] ? 'attention' : 'calm';
}

/** The worse of two; unknown gives way to what is known. @param {string} a @param {string} b */
export function worse(a, b) {
  return SEVERITIES.indexOf(b) > SEVERITIES.indexOf(a) ? b : a;
}
