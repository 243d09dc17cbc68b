/** The tab itself: how many wait and where it is worst in its title, how bad it is in its icon, by form and not by colour alone. */

const SIGNS = { attention: ' ▲', act: ' ⬣' };
const link = document.querySelector('link[rel="icon"]');
const title = document.title;

/** @param {{waiting: number, name: string, severity: string, paused: string}} how paused: the sign of a paused page, or '' */
export function showTab(how) {
  const wanted = how.waiting > 0 ? '(' + how.waiting + ') ' + how.name + (SIGNS[how.severity] || '') : title;
  const text = how.paused + wanted;
  if (document.title !== text) document.title = text;
  const icon = new URL('icons/' + (how.paused ? 'paused' : how.severity) + '.svg', import.meta.url).href;
  if (link && link.href !== icon) link.href = icon;
}
