/**
 * The only hand that writes to the page: text, attributes, nothing else; no node is ever made or thrown away, nothing is measured.
 *
 * Rules that hold here: what is already there is not written again; all writes of a moment happen together in one frame; when the
 * machine is slow the moments become rarer.
 */

export const LEAST_MS = 200;
export const MOST_MS = 2000;

const ORDER = 'style.order';

/** A place that can be written: the last text or value, and the one to come. */
class Slot {
  /** @param {Node} node @param {string} name attribute, or '' for a text node @param {string} shown */
  constructor(node, name, shown) {
    this.node = node;
    this.name = name;
    this.shown = shown;
    this.next = shown;
    this.waits = false;
  }
}

/**
 * @param {{frame?: (work: (at: number) => void) => void, later?: (work: () => void, ms: number) => void, monotonic?: () => number}} [options]
 */
export function createCommit(options) {
  const given = options || {};
  const frame = given.frame || ((work) => window.requestAnimationFrame(work));
  const later = given.later || ((work, ms) => window.setTimeout(work, ms));
  const monotonic = given.monotonic || (() => performance.now());
  /** @type {Slot[]} */
  let waiting = [];
  let spare = [];
  let asked = false;
  let interval = LEAST_MS;
  let cost = 0;
  let writtenAt = -MOST_MS;
  let writes = 0;

  function write() {
    asked = false;
    const began = monotonic();
    const work = waiting;
    waiting = spare;
    spare = work;
    for (let i = 0; i < work.length; i += 1) {
      const slot = work[i];
      slot.waits = false;
      if (slot.next === slot.shown) continue;
      slot.shown = slot.next;
      writes += 1;
      if (slot.name === ORDER) slot.node.style.order = slot.next;
      else if (slot.name) slot.node.setAttribute(slot.name, slot.next);
      else slot.node.data = slot.next;
    }
    work.length = 0;
    writtenAt = began;
    // What the writing costs is seen when the next frame begins: style, layout and paint lie between.
    frame(() => {
      cost = cost * 0.8 + (monotonic() - began) * 0.2;
      if (cost > interval * 0.25) interval = Math.min(interval * 2, MOST_MS);
      else if (cost < interval * 0.08) interval = Math.max(interval * 0.98, LEAST_MS);
    });
  }

  function ask() {
    if (asked || waiting.length === 0) return;
    asked = true;
    const wait = writtenAt + interval - monotonic();
    if (wait <= 0) frame(write);
    else later(() => frame(write), wait);
  }

  return {
    /** A slot for the first text node of an element, which the template has always put there. @param {Element} element @returns {Slot} */
    textOf(element) {
      let node = element.firstChild;
      // A template leaves no node where the text is empty. This runs while binding, never afterwards.
      if (!node || node.nodeType !== 3) node = element.insertBefore(document.createTextNode(''), element.firstChild);
      return new Slot(node, '', node.data);
    },
    /** A slot for an attribute. @param {Element} element @param {string} name @returns {Slot} */
    attributeOf(element, name) {
      return new Slot(element, name, element.getAttribute(name) || '');
    },
    /** A slot for an element's place among its siblings. @param {Element} element @returns {Slot} */
    orderOf(element) {
      return new Slot(element, ORDER, '');
    },
    /** Says what a slot is to show; it is written with the next frame. @param {Slot} slot @param {string} value */
    put(slot, value) {
      slot.next = value;
      if (slot.waits || value === slot.shown) return;
      slot.waits = true;
      waiting.push(slot);
    },
    /** Asks for the frame in which everything put is written. */
    ask: ask,
    /** What was put and is not written yet never will be. */
    forget() {
      for (let i = 0; i < waiting.length; i += 1) {
        waiting[i].waits = false;
        waiting[i].next = waiting[i].shown;
      }
      waiting.length = 0;
    },
    /** For tests and the health of the screen: writes so far, and milliseconds between two. */
    meter() {
      return { writes: writes, interval: interval };
    },
  };
}
