/**
 * Tables of reports: the arrows go from number to number within one, so that a hundred of them need not be stepped through by Tab.
 *
 * Rules that hold here: Tab still reaches every number; nothing is taken from the browser's own keys but plain arrows, and those only while
 * a number of the table has the focus.
 */

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

document.addEventListener('keydown', (event) => {
  const by = STEPS[event.key];
  if (!by || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const cell = event.target instanceof Element ? event.target.closest('.report-table td, .report-table tbody th') : null;
  if (!cell) return;
  const next = from(cell, by);
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}, true);

/** The link of the nearest cell that way which has one. @param {HTMLTableCellElement} cell @param {number[]} by */
function from(cell, [down, right]) {
  let row = cell.parentElement;
  let place = cell.cellIndex;
  for (;;) {
    if (down) row = down > 0 ? row.nextElementSibling : row.previousElementSibling;
    else place += right;
    const found = row && row.cells[place];
    if (!found) return null;
    const link = found.querySelector('a');
    if (link) return link;
  }
}
