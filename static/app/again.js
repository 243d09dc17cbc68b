/**
 * Fetches the part of a page that grows old every five seconds, and puts it in place of the old one; a page that nobody sees rests,
 * and one whose server does not answer says nothing new: the time it was made stands on it.
 */

const EVERY_MS = 5000;

const place = document.querySelector('[data-again]');

async function renew() {
  if (document.hidden || place.contains(document.activeElement)) return;
  const chosen = window.getSelection();
  if (chosen && !chosen.isCollapsed) return;
  const address = new URL(place.dataset.again || window.location.href, window.location.href);
  const answer = await fetch(address, { headers: { 'X-Again': '1' }, cache: 'no-store' });
  if (answer.redirected) {
    // Logged out meanwhile: let the login page take over.
    window.location.reload();
    return;
  }
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.querySelector('[data-again]') || page.body;
  place.replaceChildren(...fresh.childNodes);
}

async function always() {
  try {
    await renew();
  } catch {
    // The network is away; the next turn will tell.
  }
  window.setTimeout(always, EVERY_MS);
}

if (place) window.setTimeout(always, EVERY_MS);
