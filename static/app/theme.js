/* The theme a person chose, before the first paint; the system's own otherwise. Not a module, so that nothing flashes. */
(function () {
  const root = document.documentElement;
  const kept = () => {
    try {
      return localStorage.getItem('theme');
    } catch {
      return null;
    }
  };
  const dark = () => (root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const chosen = kept();
  if (chosen === 'dark' || chosen === 'light') root.dataset.theme = chosen;

  document.addEventListener('DOMContentLoaded', () => {
    const button = document.querySelector('[data-theme-button]');
    if (!button) return;
    const label = () => {
      button.textContent = dark() ? button.dataset.light : button.dataset.dark;
    };
    label();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', label);
    button.addEventListener('click', () => {
      root.dataset.theme = dark() ? 'light' : 'dark';
      try {
        localStorage.setItem('theme', root.dataset.theme);
      } catch {
        // A browser that keeps nothing still shows it until the next page.
      }
      label();
    });
  });
})();
