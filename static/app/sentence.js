/** The sentence at the top of the overview, as wallboard/pages/overview.py puts it together; pure. */

import { filled, isNumber, wholeSeconds } from '../tv/format.js';

/**
 * @param {{of: (scope: string) => Object<string, *> | undefined, scopes: () => string[]}} store
 * @param {Object<string, string>} words
 * @param {number} at the instant up to which the wait is counted
 * @param {boolean} presence whether the agents' states can be believed
 * @returns {string | null} null while nothing is known
 */
export function sentence(store, words, at, presence) {
  const site = store.of('site') || {};
  if (!isNumber(site.waiting)) return (site.lacks || []).includes('waiting') ? words['sentence.untold'] : null;
  return (waiting(store, words, site, at) + ' ' + (presence ? agents(words, site) : '')).trim();
}

function waiting(store, words, site, at) {
  const queues = store
    .scopes()
    .filter((scope) => scope.startsWith('queue:'))
    .map((scope) => store.of(scope))
    .filter((told) => told.waiting > 0);
  const since = queues.filter((told) => isNumber(told.longest_wait_since));
  if (site.waiting <= 0 || since.length === 0) return words['sentence.nobody'];
  const longest = since.reduce((one, other) => (other.longest_wait_since < one.longest_wait_since ? other : one));
  const kind = site.waiting === 1 ? 'one' : queues.length === 1 ? 'many' : 'many_queues';
  return filled(words['sentence.' + kind], {
    n: site.waiting,
    queues: queues.length,
    time: wholeSeconds(Math.floor((at - longest.longest_wait_since) / 1000)),
    queue: longest.name || '?',
  });
}

function agents(words, site) {
  if (!isNumber(site.agents_ready) || !isNumber(site.agents_logged_in)) return '';
  if (site.agents_logged_in === 0) return words['sentence.ready_nobody'];
  return filled(words['sentence.ready'], { ready: site.agents_ready, n: site.agents_logged_in });
}
