/**
 * Puts another board in the place of the one that is shown, without leaving the page: fetches it as the page it is, and fades it in.
 *
 * Rules that hold here: what is fetched is a board of ours or is not used; the old board lies underneath until the new one covers it, and
 * is gone then; the page itself (scripts, styles, listeners) stays.
 */

const ANSWER_MS = 8000;
const FADE_MS = 300;
/** Of the page's root, what belongs to the page and not to the board on it. */
const OWN = ['data-link'];

/** @param {string} address @returns {Promise<Document | null>} the board's page, or null */
export function fetchBoard(address) {
  return new Promise((resolve) => {
    const tooLate = window.setTimeout(() => resolve(null), ANSWER_MS);
    window
      .fetch(address, { cache: 'no-store', credentials: 'same-origin' })
      .then((response) => (response.status === 200 && !response.redirected ? response.text() : ''))
      .then((text) => new DOMParser().parseFromString(text, 'text/html'), () => null)
      .then((page) => {
        window.clearTimeout(tooLate);
        const isBoard = page && page.documentElement.getAttribute('data-socket') && page.querySelector('main.board');
        resolve(isBoard ? page : null);
      });
  });
}

/** @param {Document} page a board's page @param {() => void} begin called when the new board stands there, to bring it to life */
export function putBoard(page, begin) {
  const root = document.documentElement;
  const fresh = page.documentElement;
  const old = document.querySelector('main.board:not([data-leaving])');
  Array.from(document.querySelectorAll('main.board[data-leaving]')).forEach((each) => each.remove());
  old.setAttribute('data-leaving', 'yes');
  // It keeps its own size of type while it fades.
  old.className += ' ' + root.className;
  Array.from(fresh.attributes).forEach((each) => OWN.indexOf(each.name) < 0 && root.setAttribute(each.name, each.value));
  document.title = page.title;
  const next = document.importNode(page.querySelector('main.board'), true);
  next.setAttribute('data-entering', 'yes');
  old.parentNode.insertBefore(next, old.nextSibling);
  begin();
  window.setTimeout(() => {
    next.removeAttribute('data-entering');
    if (old.parentNode) old.remove();
  }, FADE_MS + 50);
}
