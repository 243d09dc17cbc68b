/**
 * Which queue comes first, and which of its numbers call for attention, as wallboard/pages/urgency.py says it; pure.
 */

import { isNumber } from '../tv/format.js';
import { SEVERITIES, severityOf } from '../tv/severity.js';

/** Metric, the key it travels under, and the key of its severity; the ones that cannot wait first. */
const JUDGED = [
  ['longest_wait', 'longest_wait_since', 'longest_wait:limits'],
  ['waiting', 'waiting', 'waiting:severity'],
  ['service_level', 'service_level', 'service_level:severity'],
  ['abandon_rate', 'abandon_rate', 'abandon_rate:severity'],
];
const WAITS = 2;

/** @param {string} severity */
export function rank(severity) {
  return Math.max(SEVERITIES.indexOf(severity), 0);
}

/**
 * @typedef {{scope: string, name: string, waits: number, day: number, worst: string, since: number, waiting: number, told: Object,
 *   alarms: {metric: string, key: string, severity: string}[]}} Judged
 * @param {string} scope @param {Object<string, *>} told @param {boolean} ticks whether its feed is believed @param {number} now
 * @returns {Judged}
 */
export function judge(scope, told, ticks, now) {
  const found = JUDGED.map(([metric, key, from]) => ({ metric, key, severity: severityOf(told, key, from, ticks, now) }));
  const worst = found.reduce((one, each) => (rank(each.severity) > rank(one) ? each.severity : one), ticks ? 'calm' : 'unknown');
  return {
    scope,
    told,
    name: typeof told.name === 'string' && told.name.trim() ? told.name.trim() : '#' + scope.slice(scope.indexOf(':') + 1),
    waits: Math.max(...found.slice(0, WAITS).map((each) => rank(each.severity))),
    day: rank(worst),
    worst,
    since: isNumber(told.longest_wait_since) ? told.longest_wait_since : Infinity,
    waiting: isNumber(told.waiting) ? told.waiting : 0,
    alarms: found.filter((each) => rank(each.severity) > 0),
  };
}

/** Most urgent first. @param {Judged} one @param {Judged} other */
export function byUrgency(one, other) {
  return (
    other.waits - one.waits ||
    (one.since === other.since ? 0 : one.since - other.since) ||
    other.waiting - one.waiting ||
    other.day - one.day ||
    compare(one.name.toLowerCase(), other.name.toLowerCase()) ||
    compare(one.scope, other.scope)
  );
}

/** By code points, as the server compares. */
function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** @param {Judged[]} judged most urgent first @returns {{judged: Judged, metric: string, key: string, severity: string}[]} */
export function alarmsOf(judged) {
  const found = judged.flatMap((each) => each.alarms.map((alarm) => ({ ...alarm, judged: each })));
  return found.sort((one, other) => rank(other.severity) - rank(one.severity));
}
