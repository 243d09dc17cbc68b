/** The fleet: its parts are fetched anew every five seconds; a card under the arrow keys is stepped through. */

import { startLive } from './live.js';

startLive({ partsEveryMs: 5000 });

document.addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const card = document.activeElement && document.activeElement.closest('.fleet .screen');
  if (!step || !card || document.activeElement !== card.querySelector('h3 a') || event.altKey || event.ctrlKey || event.metaKey) return;
  const cards = Array.from(document.querySelectorAll('.fleet .screen'));
  const next = cards[cards.indexOf(card) + step];
  if (!next) return;
  event.preventDefault();
  next.querySelector('h3 a').focus();
});
