/**
 * The page of one agent: the timeline goes on with the clock, and can be stepped through by the keyboard.
 *
 * Rules that hold here: the present moves only while the feed of presence is believed; which piece is chosen survives that the timeline is
 * drawn anew; what is read out is the sentence the server wrote.
 */

import { startLive } from './live.js';

const LANES = ['presence', 'login', 'calls'];
const chart = document.querySelector('[data-chart]');
const detail = document.querySelector('[data-detail]');
let chosen = '';

function pieces() {
  return Array.from(chart.querySelectorAll('.piece[data-row]'));
}

function startOf(piece) {
  return Number(piece.dataset.start);
}

/** Those of one lane in the order of time. */
function lane(name) {
  return pieces()
    .filter((piece) => piece.dataset.lane === name)
    .sort((one, other) => startOf(one) - startOf(other));
}

function current() {
  return chosen ? pieces().find((piece) => piece.dataset.row === chosen) : undefined;
}

function mark() {
  for (const piece of pieces()) piece.toggleAttribute('data-current', piece.dataset.row === chosen);
}

function sentenceOf(piece) {
  return piece.querySelector('title').textContent;
}

function say(piece) {
  detail.replaceChildren(document.createTextNode(sentenceOf(piece)));
  if (!piece.dataset.address) return;
  const link = document.createElement('a');
  link.href = piece.dataset.address;
  link.textContent = detail.dataset.open;
  detail.append(' ', link);
}

function choose(piece) {
  if (!piece) return;
  chosen = piece.dataset.row;
  mark();
  say(piece);
}

/** The piece of a lane that is nearest to an instant. */
function nearest(name, at) {
  const near = (piece) => Math.abs(startOf(piece) - at);
  return lane(name).reduce((best, piece) => (!best || near(piece) < near(best) ? piece : best), undefined);
}

function otherLane(piece, by) {
  const there = LANES.filter((name) => lane(name).length > 0);
  const at = there.indexOf(piece.dataset.lane) + by;
  return at >= 0 && at < there.length ? nearest(there[at], startOf(piece)) : undefined;
}

function wanted(key) {
  const piece = current();
  const all = LANES.flatMap((name) => lane(name));
  if (!piece) return lane('presence').at(-1) || all.at(-1);
  const mine = lane(piece.dataset.lane);
  const at = mine.indexOf(piece);
  if (key === 'ArrowLeft') return mine[at - 1];
  if (key === 'ArrowRight') return mine[at + 1];
  if (key === 'ArrowUp') return otherLane(piece, -1);
  if (key === 'ArrowDown') return otherLane(piece, 1);
  return key === 'Home' ? mine[0] : mine.at(-1);
}

chart.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'].includes(event.key)) {
    event.preventDefault();
    choose(wanted(event.key));
  } else if (event.key === 'Enter' && current() && current().dataset.address) {
    window.location.assign(current().dataset.address);
  }
});

chart.addEventListener('click', (event) => {
  const piece = event.target.closest('.piece[data-row]');
  if (!piece) return;
  chart.focus({ preventScroll: true });
  choose(piece);
});

/** Moves the line of the present, and what goes on, as far as the page may know. */
function goOn(page) {
  const svg = chart.querySelector('svg.lanes');
  const line = svg.querySelector('[data-now-line]');
  if (!line || !['live', 'late'].includes(chart.dataset.freshness)) return;
  const from = Number(svg.dataset.from);
  const place = (at) => Math.min(Math.max((100 * (at - from)) / (Number(svg.dataset.to) - from), 0), 100);
  const now = place(page.now());
  line.setAttribute('x1', now.toFixed(4) + '%');
  line.setAttribute('x2', now.toFixed(4) + '%');
  for (const rect of svg.querySelectorAll('[data-grows]')) {
    rect.setAttribute('width', Math.max(now - place(Number(rect.dataset.grows)), 0).toFixed(4) + '%');
  }
}

/** Time in state grows every second, which the numbers themselves show; what calls for a new drawing is anything else of the agent. */
function matters(values) {
  const told = Object.entries(values).find(([scope]) => scope.startsWith('agent:'));
  return Boolean(told) && (told[1] === null || Object.keys(told[1]).some((id) => !id.startsWith('time_') && id !== 'occupancy'));
}

startLive({ onRender: goOn, onParts: mark, matters });
