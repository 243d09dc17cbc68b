/**
 * Which rows are in sight and in what order, as wallboard/boards/rows.py says it on the server; pure.
 */

export const PAGE_MS = 12000;

/**
 * Most urgent first, coarse on purpose: how bad the waits are, whether anybody waits, how bad the day is, the order of the names.
 * @param {{rank: number, busy: boolean, mark: number, base: number}[]} rows
 * @param {number} room rows the table has, the line that counts the others among them
 * @returns {{order: number[], over: boolean[], hidden: number}} by the rows' own index
 */
export function placeQueues(rows, room) {
  const sorted = rows.map((row, at) => at);
  sorted.sort((a, b) => {
    const one = rows[a];
    const other = rows[b];
    return other.rank - one.rank || Number(other.busy) - Number(one.busy) || other.mark - one.mark || one.base - other.base;
  });
  const shown = rows.length <= room ? rows.length : Math.max(room - 1, 0);
  const order = new Array(rows.length);
  const over = new Array(rows.length);
  for (let i = 0; i < sorted.length; i += 1) {
    order[sorted[i]] = i;
    over[sorted[i]] = i >= shown;
  }
  return { order: order, over: over, hidden: rows.length - shown };
}

/**
 * Agents keep the order of their names and turn page by page; those who are off fill only what room is left.
 * @param {boolean[]} off whether each agent is off
 * @param {number} room agents on one page
 * @param {number} now the server's time, by which all screens turn the page together
 * @returns {{over: boolean[], page: number, pages: number, hiddenOff: number}}
 */
export function placeAgents(off, room, now) {
  let on = 0;
  for (let i = 0; i < off.length; i += 1) if (!off[i]) on += 1;
  const pages = Math.max(Math.ceil(on / room), 1);
  const page = Math.floor(now / PAGE_MS) % pages;
  let roomForOff = Math.max(room - on, 0);
  let seen = 0;
  let hiddenOff = 0;
  const over = off.map((isOff) => {
    if (isOff) {
      roomForOff -= 1;
      if (roomForOff < 0) hiddenOff += 1;
      return roomForOff < 0;
    }
    seen += 1;
    return Math.floor((seen - 1) / room) !== page;
  });
  return { over: over, page: page, pages: pages, hiddenOff: hiddenOff };
}
