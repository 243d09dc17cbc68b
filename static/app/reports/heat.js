/**
 * The heat map: what the cell under the pointer or with the focus adds up is said over the table.
 *
 * Rules that hold here: the words are the cell's own title; whoever listens hears them there, and not twice.
 */

function tell(event) {
  const link = event.target instanceof Element ? event.target.closest('.heat-map td a') : null;
  const told = document.querySelector('[data-heat-told]');
  if (link && told) told.textContent = link.title;
}

document.addEventListener('focusin', tell);
document.addEventListener('pointerover', tell);
