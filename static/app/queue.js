/** The page of one queue: kept true as every live page is; a caller's bar turns in the same second as the boards do. */

import { startLive } from './live.js';

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Where a wait stands against its limits, by the server's clock; while its feed is not believed nothing calls for anything. */
function judge(page) {
  for (const row of document.querySelectorAll('[data-attention]')) {
    const holder = row.closest('[data-feed]');
    const level = holder.dataset.freshness;
    const now = page.now();
    const ticking = level === 'live' || level === 'late';
    const passed = now >= Number(row.dataset.act) ? 'act' : now >= Number(row.dataset.attention) ? 'attention' : 'calm';
    const severity = ticking ? passed : 'unknown';
    if (row.dataset.severity !== severity) row.dataset.severity = severity;
    const word = row.querySelector('[data-word-act]');
    put(word, severity === 'act' ? word.dataset.wordAct : severity === 'attention' ? word.dataset.wordAttention : '');
  }
}

/** On a narrow screen the drawing begins where the day is now. */
function showNow() {
  const frame = document.querySelector('[data-chart]');
  const line = document.querySelector('[data-now-line]');
  if (!frame || !line || frame.scrollWidth <= frame.clientWidth) return;
  const place = line.getBoundingClientRect().left - frame.getBoundingClientRect().left + frame.scrollLeft;
  frame.scrollLeft = place - frame.clientWidth * 0.8;
}

showNow();
startLive({ onRender: judge });
