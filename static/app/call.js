/**
 * The call page: its line can be walked with the arrow keys, records can be copied, and while the call goes on it is kept true.
 *
 * Rules that hold here: one segment at a time is in the order of tabs; what is read out is the segment's own title.
 */

import { startLive } from './live.js';

const EVERY_MS = 2000;
const AWAITING_EVERY_MS = 20000;

const lanes = () => document.querySelector('[data-lanes]');
const segments = () => Array.from(document.querySelectorAll('[data-lanes] .seg'));

function say(segment) {
  const place = document.querySelector('[data-readout]');
  const title = segment && segment.querySelector('title');
  if (place) place.textContent = title ? title.textContent : '';
}

function stand(segment) {
  for (const each of segments()) each.setAttribute('tabindex', each === segment ? '0' : '-1');
}

function go(segment) {
  if (!segment) return;
  stand(segment);
  segment.focus();
  segment.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** The segments in the order of time, as they begin; those that begin together as the lanes stand. */
function inOrder() {
  const at = (segment) => parseFloat(segment.querySelector('.body').getAttribute('x'));
  return segments()
    .map((segment, place) => ({ segment, place, at: at(segment) }))
    .sort((one, other) => one.at - other.at || one.place - other.place)
    .map((each) => each.segment);
}

function step(event) {
  const segment = event.target.closest('[data-lanes] .seg');
  if (!segment || event.ctrlKey || event.metaKey || event.altKey) return;
  const order = inOrder();
  const here = order.indexOf(segment);
  const lane = segment.closest('.lane');
  const beside = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: order.length - 1 };
  const above = { ArrowDown: lane.nextElementSibling, ArrowUp: lane.previousElementSibling };
  if (event.key in beside) go(order[beside[event.key]]);
  else if (event.key in above) go(above[event.key] && above[event.key].querySelector('.seg'));
  else return;
  event.preventDefault();
}

async function copy(button) {
  const text = document.getElementById(button.dataset.copyFrom);
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    // Without a secure connection browsers only allow selecting it.
    const range = document.createRange();
    range.selectNodeContents(text);
    const chosen = window.getSelection();
    chosen.removeAllRanges();
    chosen.addRange(range);
    document.execCommand('copy');
  }
  button.textContent = button.dataset.done;
}

function offerCopies() {
  for (const button of document.querySelectorAll('[data-copy-from][hidden]')) button.hidden = false;
}

/** A player says only that it failed; the server says why, in words. */
async function explain(player) {
  const place = player.parentElement.querySelector('[data-sound-fault]');
  if (!place) return;
  let words = place.dataset.words;
  try {
    const answer = await fetch(player.getAttribute('src'), { cache: 'no-store', headers: { Range: 'bytes=0-0' } });
    if (!answer.ok && (answer.headers.get('Content-Type') || '').startsWith('text/plain')) words = await answer.text();
  } catch {
    // The network is away: what the page brought along has to do.
  }
  place.textContent = words;
  place.hidden = false;
}

/** A renewed drawing has the server's own first segment in the order of tabs; whoever stands in another one stays there. */
function settle() {
  offerCopies();
  const held = document.activeElement && document.activeElement.closest('[data-lanes] .seg');
  if (held) {
    stand(held);
    say(held);
  }
}

// Faults of players do not bubble; one that plays again has none.
document.addEventListener('error', (event) => {
  if (event.target.matches && event.target.matches('[data-sound]')) explain(event.target);
}, true);
document.addEventListener('playing', (event) => {
  const place = event.target.parentElement.querySelector('[data-sound-fault]');
  if (place) place.hidden = true;
}, true);
document.addEventListener('keydown', step);
document.addEventListener('focusin', (event) => {
  const segment = event.target.closest('[data-lanes] .seg');
  if (segment) say(segment);
});
document.addEventListener('pointerover', (event) => {
  const segment = event.target.closest('[data-lanes] .seg');
  if (segment) say(segment);
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-copy-from]');
  if (button) copy(button);
  const segment = event.target.closest('[data-lanes] .seg');
  if (segment) go(segment);
});
offerCopies();

if (document.documentElement.dataset.socket) {
  // What is over needs no hurry any more; of what was said something may come for hours.
  const hurry = () => {
    const goesOn = document.querySelector('[data-going-on]');
    wishes.everyMs = goesOn ? EVERY_MS : 0;
    wishes.partsEveryMs = !goesOn && document.querySelector('[data-awaiting]') ? AWAITING_EVERY_MS : 0;
  };
  const wishes = {
    everyMs: EVERY_MS,
    onParts() {
      settle();
      hurry();
    },
  };
  hurry();
  startLive(wishes);
}
if (lanes()) lanes().classList.add('walkable');
