/**
 * Renews the health page every five seconds without a reload: texts and attributes are changed in place, so that whoever listens to the
 * page or stands somewhere in it is not thrown out; when nothing answers, the page says so itself.
 */

const EVERY_MS = 5000;
const LIMIT_MS = 8000;

const place = document.querySelector('[data-health]');
const stale = document.querySelector('[data-stale]');

/** Makes `old` equal to `fresh`, touching only what differs. */
function become(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh.cloneNode(true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const name of fresh.getAttributeNames()) {
    if (old.getAttribute(name) !== fresh.getAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
  }
  becomeChildren(old, fresh);
}

function becomeChildren(old, fresh) {
  const wanted = Array.from(fresh.childNodes);
  const held = Array.from(old.childNodes);
  wanted.forEach((node, index) => {
    if (index < held.length) become(held[index], node);
    else old.appendChild(node.cloneNode(true));
  });
  held.slice(wanted.length).forEach((node) => node.remove());
}

function complain(yes) {
  if (yes && stale.hidden) stale.textContent = stale.dataset.stale.replace('{time}', place.querySelector('[data-at]').textContent);
  if (stale.hidden === yes) stale.hidden = !yes;
  // What was true then is no longer vouched for.
  place.classList.toggle('old', yes);
}

async function renew() {
  const address = new URL(place.dataset.health, window.location.href);
  const answer = await fetch(address, { cache: 'no-store', signal: AbortSignal.timeout(LIMIT_MS) });
  if (answer.redirected) {
    // Logged out meanwhile: let the login page take over.
    window.location.reload();
    return;
  }
  if (!answer.ok) throw new Error(String(answer.status));
  becomeChildren(place, new DOMParser().parseFromString(await answer.text(), 'text/html').body);
}

async function always() {
  if (!document.hidden) {
    try {
      await renew();
      complain(false);
    } catch {
      complain(true);
    }
  }
  window.setTimeout(always, EVERY_MS);
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) renew().then(() => complain(false), () => complain(true));
});
window.setTimeout(always, EVERY_MS);
