/**
 * What a label means, over the page: a link to the definition becomes a button that shows it in a dialog.
 *
 * Rules that hold here: without this script the link leads to the definition; what comes from the server is drawn by the server.
 */

let dialog = null;

/** @param {Element} link */
async function explain(link) {
  const address = new URL(link.href);
  address.searchParams.set('fragment', '1');
  const answer = await fetch(address, { credentials: 'same-origin' });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const article = page.querySelector('article');
  if (!article) throw new Error('nothing');
  article.classList.remove('card');
  article.removeAttribute('id');
  show(document.adoptNode(article), link);
}

function show(article, link) {
  if (!dialog) {
    dialog = document.createElement('dialog');
    dialog.className = 'explained';
    dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
  }
  const rest = document.createElement('p');
  const more = document.createElement('a');
  more.href = link.href;
  more.textContent = link.dataset.more || '';
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'quiet button';
  close.textContent = link.dataset.close || '\u00d7';
  close.addEventListener('click', () => dialog.close());
  rest.append(more, ' ', close);
  dialog.setAttribute('aria-label', link.getAttribute('aria-label') || '');
  dialog.replaceChildren(article, rest);
  dialog.addEventListener('close', () => link.focus(), { once: true });
  dialog.showModal();
  close.focus();
}

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[data-explain]') : null;
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  explain(link).catch(() => { window.location.href = link.href; });
});
for (const link of document.querySelectorAll('a[data-explain]')) link.setAttribute('aria-haspopup', 'dialog');
