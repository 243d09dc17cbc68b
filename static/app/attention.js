/** The list of what calls for attention: kept in place line by line, so that whoever stands on one is not thrown out. */

import { filled, written } from '../tv/format.js';

const MOST = 12;
const FORMATS = { longest_wait: 'since', waiting: 'count', service_level: 'share', abandon_rate: 'share' };

/**
 * @param {ReturnType<import('./urgency.js').alarmsOf>} alarms @param {Object} page what live.js tells @param {boolean} ticks
 * @param {Set<string>} shared names that more than one queue has, in small letters
 */
export function showAlarms(alarms, page, ticks, shared) {
  const list = document.querySelector('[data-alarms]');
  if (!list) return;
  const words = page.words;
  const known = new Map(Array.from(list.children).map((line) => [line.dataset.alarm, line]));
  alarms.slice(0, MOST).forEach((alarm, place) => {
    const name = alarm.judged.scope + '.' + alarm.metric;
    const line = known.get(name) || lineOf(name, alarm);
    known.delete(name);
    if (list.children[place] !== line) list.insertBefore(line, list.children[place] || null);
    if (line.dataset.severity !== alarm.severity) line.dataset.severity = alarm.severity;
    const [who, what, amount, word] = line.querySelectorAll('b, a > span:not(.mark)');
    put(who, nameOf(alarm.judged, shared));
    put(what, words['metric.' + alarm.metric]);
    put(amount, amountOf(alarm, page));
    put(word, words['severity.' + alarm.severity]);
  });
  for (const line of known.values()) line.remove();
  put(document.querySelector('[data-alarms-more]'), alarms.length > MOST ? filled(words['overview.more'], { n: alarms.length - MOST }) : '');
  const none = document.querySelector('[data-alarms-none]');
  none.hidden = alarms.length > 0;
  put(none, words[ticks ? 'overview.calm' : 'overview.unjudged']);
}

/** As on the queue's card: queues of one name are told apart by where they are. */
function nameOf(judged, shared) {
  const source = judged.told.source;
  if (!source || !shared.has(judged.name.toLowerCase())) return judged.name;
  return judged.name + ' (' + source.charAt(0).toUpperCase() + source.slice(1).toLowerCase() + ')';
}

/** A share has a decimal: whole per cents would say that 79.6 is the 80 it fell short of. */
function amountOf(alarm, page) {
  const value = alarm.judged.told[alarm.key];
  const format = FORMATS[alarm.metric];
  if (format !== 'share') return written(format, value, { at: page.now(), language: page.language, words: page.words });
  const tenths = Math.floor(value * 1000 + 0.5);
  return Math.floor(tenths / 10) + (page.language.startsWith('en') ? '.' : ',') + (tenths % 10) + ' %';
}

function lineOf(name, alarm) {
  const line = document.createElement('li');
  line.dataset.alarm = name;
  const link = document.createElement('a');
  link.href = '/queues/' + encodeURIComponent(alarm.judged.scope.slice('queue:'.length)).replaceAll('%3A', ':') + '/';
  const mark = document.createElement('span');
  mark.className = 'mark';
  mark.setAttribute('aria-hidden', 'true');
  const amount = document.createElement('span');
  amount.className = 'amount';
  const word = document.createElement('span');
  word.className = 'word';
  link.append(mark, document.createElement('b'), ' ', document.createElement('span'), ' ', amount, ' ', word);
  line.append(link);
  return line;
}

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}
