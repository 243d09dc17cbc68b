/* Before anything else, in the language of 2009: a browser that cannot run the board is sent to the page that needs no script. */
(function () {
  var root = document.documentElement;
  var able = window.HTMLScriptElement && 'noModule' in window.HTMLScriptElement.prototype && window.WebSocket && window.fetch && window.Promise && window.CSS &&
    window.CSS.supports && window.CSS.supports('display', 'grid') && window.CSS.supports('--a', '0') && window.DOMParser;
  var lite = root.getAttribute('data-lite');
  if (!able && lite) window.location.replace(lite);
})();
