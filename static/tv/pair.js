/**
 * The page of a television that belongs to nobody yet: shows its code, asks whether somebody has claimed it, and becomes a board then.
 *
 * Rules that hold here: nobody types anything here; it goes on for months, through a server that is away; the television's key is kept in
 * the browser's store too, because televisions lose their cookies, and a key from there comes before a new code.
 */

import { createCommit } from './commit.js';

const ASK_MS = 1500;
const MOST_WAIT_MS = 10000;
const ANSWER_MS = 8000;
const KEPT = 'wallboard-device';

const root = document.documentElement;
const given = root.dataset;
const words = JSON.parse(given.texts);
const commit = createCommit();
const slots = {
  link: commit.attributeOf(root, 'data-link'),
  first: commit.textOf(document.querySelector('[data-code-first]')),
  second: commit.textOf(document.querySelector('[data-code-second]')),
  path: commit.attributeOf(document.querySelector('[data-code-of]'), 'd'),
  box: commit.attributeOf(document.querySelector('[data-box-of]'), 'viewBox'),
  say: commit.textOf(document.querySelector('[data-say]')),
};
const token = document.querySelector('input[name="csrfmiddlewaretoken"]').value;
let failures = 0;

function kept() {
  try {
    return window.localStorage.getItem(KEPT) || '';
  } catch (error) {
    return '';
  }
}

function keep(secret) {
  try {
    window.localStorage.setItem(KEPT, secret);
  } catch (error) {
    // A television without a store has its cookie.
  }
}

function asked(address, how) {
  const patience = new Promise((resolve, reject) => window.setTimeout(() => reject(new Error('late')), ANSWER_MS));
  const answer = window.fetch(address, Object.assign({ cache: 'no-store', credentials: 'same-origin' }, how));
  return Promise.race([answer, patience]);
}

function say(text, link) {
  commit.put(slots.say, text);
  commit.put(slots.link, link);
  commit.ask();
}

/** The server has just answered, so the page it is left for will come. */
function go() {
  window.location.replace(given.home);
}

function told(state) {
  failures = 0;
  if (state.state === 'paired') {
    if (given.secret) keep(given.secret);
    go();
  } else if (state.state === 'waiting') {
    commit.put(slots.first, state.code.slice(0, 4));
    commit.put(slots.second, state.code.slice(4));
    commit.put(slots.path, state.qr.path);
    commit.put(slots.box, state.qr.box);
    say(words.waiting, 'live');
  } else {
    // It does not know us: a cookie that was lost, or a code of last year.
    go();
  }
}

function ask() {
  const hints = '?width=' + window.screen.width + '&height=' + window.screen.height;
  asked(given.state + hints)
    .then((response) => (response.status === 200 && !response.redirected ? response.json() : Promise.reject(new Error('no answer'))))
    .then(told)
    .catch(() => {
      failures += 1;
      if (failures > 1) say(words.away, 'offline');
    })
    .then(() => window.setTimeout(ask, failures ? Math.min(MOST_WAIT_MS, ASK_MS * failures) * (0.5 + Math.random()) : ASK_MS));
}

/** A key of before is tried first; while the server is away it is neither used nor thrown away. */
function restore(secret) {
  asked(given.restore, {
    method: 'POST',
    headers: { 'X-CSRFToken': token, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'secret=' + encodeURIComponent(secret),
  })
    .then((response) => {
      if (response.status !== 200 || response.redirected) throw new Error('not now');
      return response.json();
    })
    .then((answer) => {
      if (answer.state === 'paired') go();
      else if (given.secret) keep(given.secret);
    })
    .catch(() => window.setTimeout(() => restore(secret), MOST_WAIT_MS));
}

const before = kept();
if (before && before !== given.secret) restore(before);
else if (given.secret) keep(given.secret);
ask();
