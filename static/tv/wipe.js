/**
 * Takes everything off the page that a screen without access may not show: numbers, names, notes and lines. The frame stays.
 */

import { DASH } from './format.js';

const TEXTS = '[data-second],[data-hero-note],[data-word],[data-more],[data-off],[data-page],.row .name .text,.agent .name span';

/** @param {Document} page @param {string} reason what stands on each tile instead */
export function wipe(page, reason) {
  const each = (selector, work) => Array.from(page.querySelectorAll(selector)).forEach(work);
  const say = (element, text) => {
    const first = element.firstChild;
    if (first && first.nodeType === 3) first.data = text;
  };
  each('[data-value]', (element) => {
    say(element, DASH);
    element.setAttribute('data-none', 'yes');
    element.setAttribute('data-len', '1');
  });
  each(TEXTS, (element) => say(element, ''));
  each('[data-reason]', (element) => say(element, reason));
  each('[data-freshness]', (element) => element.setAttribute('data-freshness', 'unknown'));
  each('[data-severity]', (element) => element.setAttribute('data-severity', 'unknown'));
  each('[data-filled]', (element) => element.setAttribute('data-filled', 'no'));
  each('[data-good]', (element) => element.setAttribute('data-good', 'no'));
  each('.agent[data-state]', (element) => element.setAttribute('data-state', 'unknown'));
  each('[data-glyph]', (element) => element.setAttribute('href', element.getAttribute('href').charAt(1) === 'p' ? '#p-unknown' : '#s-unknown'));
  each('[data-spark]', (element) => element.setAttribute('points', ''));
  each('[title]', (element) => element.removeAttribute('title'));
  each('[data-name]', (element) => element.removeAttribute('data-name'));
}
