/**
 * Makes a part of the page equal to a fresh one from the server, touching only what differs, so that whoever stands in it or listens to it
 * is not thrown out.
 *
 * Rules that hold here: children are matched by data-row, id, or their place; what a person has opened, typed or chosen stays as it is.
 */

/** Of an element that has these the person's own state is kept. */
const OWN = { DETAILS: ['open'], DIALOG: ['open'], INPUT: ['value', 'checked'], TEXTAREA: [], SELECT: [] };

/** @param {Node} old @param {Node} fresh */
export function become(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh.cloneNode(true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.hasAttribute('data-keep')) return;
  const own = OWN[old.nodeName] || [];
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name) && !own.includes(name)) old.removeAttribute(name);
  for (const name of fresh.getAttributeNames()) {
    if (own.includes(name)) continue;
    if (old.getAttribute(name) !== fresh.getAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
  }
  if (old.nodeName === 'TEXTAREA') return;
  becomeChildren(old, fresh);
}

function nameOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return '';
  return node.getAttribute('data-row') || node.id || '';
}

/** A node that is moved loses the focus: where the person stands stays, and what stands before it goes behind. */
function goRound(old, at, known) {
  const behind = known.nextSibling;
  let node = at;
  while (node !== known) {
    const next = node.nextSibling;
    old.insertBefore(node, behind);
    node = next;
  }
  return known;
}

/** @param {Element} old @param {Element} fresh */
export function becomeChildren(old, fresh) {
  const named = new Map();
  for (const node of old.childNodes) if (nameOf(node)) named.set(nameOf(node), node);
  let at = old.firstChild;
  for (const wanted of Array.from(fresh.childNodes)) {
    const name = nameOf(wanted);
    const known = name ? named.get(name) : null;
    if (known && known.nodeName === wanted.nodeName) {
      if (known !== at && known.contains(document.activeElement)) at = goRound(old, at, known);
      if (known === at) at = at.nextSibling;
      else old.insertBefore(known, at);
      become(known, wanted);
      named.delete(name);
    } else if (at && !name && !nameOf(at) && at.nodeName === wanted.nodeName) {
      const next = at.nextSibling;
      become(at, wanted);
      at = next;
    } else {
      old.insertBefore(wanted.cloneNode(true), at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}
