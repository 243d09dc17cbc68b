/**
 * Which board of a playlist is on at an instant. It knows no document and asks no clock.
 *
 * Rule that holds here: the place follows from the server's time alone, so that all screens with the same playlist turn together, and one
 * that was away comes back to where the others are.
 */

/**
 * @param {{board: string, seconds: number}[]} steps
 * @param {number} now the server's time, epoch ms
 * @returns {{board: string, next: string, leftMs: number}} what is on, what comes then, and in how many milliseconds
 */
export function placeIn(steps, now) {
  const total = steps.reduce((sum, step) => sum + step.seconds * 1000, 0);
  let into = ((now % total) + total) % total;
  for (let i = 0; i < steps.length; i += 1) {
    const lasts = steps[i].seconds * 1000;
    if (into < lasts) return { board: steps[i].board, next: steps[(i + 1) % steps.length].board, leftMs: lasts - into };
    into -= lasts;
  }
  return { board: steps[0].board, next: steps[0].board, leftMs: 0 };
}
