/**
 * The trend as a chart that can be brushed, followed by the pointer and walked by keys.
 *
 * Understood in a page (templates/app/reports/trend.html):
 *   [data-trend]     where the chart goes; data-format: how numbers are written; data-target: the promise; data-help: how it is used
 *   [data-drawn]     the server's drawing, shown on paper and until the chart is there
 *   [data-points]    the table's rows, of which the chart is made: data-start, data-end, data-value, data-before, data-words, ...
 *
 * Rules that hold here: every number and every word is the table's; what is zoomed into is an address like any other; an empty number is a
 * gap; nothing is told to who listens but what a key asked for.
 */

const HEIGHT = 280;
const S = 1000;
let chart = null;
let here = -1;
let watch = null;

// --- what the table says --------------------------------------------------------------------------------------------------------

function number(text) {
  return text === '' || text === undefined ? null : Number(text);
}

/** The table's rows; between two that do not touch stands one without a number, where the line stops. */
function rowsOf(table) {
  const found = [];
  for (const row of table.querySelectorAll('tr[data-start]')) {
    const start = Number(row.dataset.start);
    const last = found[found.length - 1];
    if (last && last.end < start) found.push({ start: last.end, end: start, gap: true, value: null, before: null });
    found.push({
      start,
      end: Number(row.dataset.end),
      gap: false,
      value: number(row.dataset.value),
      before: number(row.dataset.before),
      open: 'open' in row.dataset,
      noted: 'noted' in row.dataset,
      words: row.dataset.words,
      first: row.dataset.first,
      last: row.dataset.last,
      hours: row.dataset.hours,
    });
  }
  return found;
}

function written(value, format) {
  if (value === null || value === undefined) return '';
  if (format === 'percent' || format === 'percent1') return Math.round(value * 1000) / 10 + ' %';
  if (format === 'duration') {
    const s = Math.round(value);
    if (s >= 3600) return Math.floor(s / 3600) + 'h' + String(Math.floor((s % 3600) / 60)).padStart(2, '0');
    return Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0');
  }
  return String(Math.round(value * 10) / 10);
}

// --- the chart ------------------------------------------------------------------------------------------------------------------

function colours(place) {
  const style = getComputedStyle(place);
  const of = (name) => style.getPropertyValue(name).trim();
  return { line: of('--link'), before: of('--text-2'), grid: of('--line'), text: of('--text-2'), target: of('--good'), card: of('--card'), mark: of('--attention') };
}

function dataOf(rows, target) {
  const lastKnown = rows.reduce((at, row, n) => (row.value !== null && !row.open ? n : at), -1);
  return [
    rows.map((row) => row.start / S),
    rows.map((row) => (row.open ? null : row.value)),
    rows.map((row) => row.before),
    // What goes on is tied to what is over, when they touch.
    rows.map((row, n) => (row.open || (n === lastKnown && rows[n + 1] && rows[n + 1].open) ? row.value : null)),
    rows.map(() => target),
  ];
}

/** Notes are marks over the chart; the words are the list's and the table's. */
function marks(rows, colour) {
  return (u) => {
    const ctx = u.ctx;
    const size = 6 * devicePixelRatio;
    ctx.save();
    ctx.fillStyle = colour;
    for (const row of rows) {
      if (!row.noted) continue;
      const x = u.valToPos(row.start / S, 'x', true);
      ctx.beginPath();
      ctx.moveTo(x, u.bbox.top - 2 * size);
      ctx.lineTo(x + size, u.bbox.top - size / 4);
      ctx.lineTo(x - size, u.bbox.top - size / 4);
      ctx.fill();
      ctx.fillRect(x - devicePixelRatio / 2, u.bbox.top, devicePixelRatio, u.bbox.height);
    }
    ctx.restore();
  };
}

function scaleOf(format, rows, target) {
  const most = Math.max(0, target || 0, ...rows.map((row) => Math.max(row.value || 0, row.before || 0)));
  if (format === 'percent' || format === 'percent1') return [0, most > 0.5 ? 1 : most * 1.1 || 1];
  return [0, most * 1.08 || 1];
}

function optionsOf(place, rows, timezone, target) {
  const c = colours(place);
  const format = place.dataset.format;
  const few = rows.filter((row) => !row.gap).length <= 60;
  const axis = { stroke: c.text, font: '12px "Inter TV", system-ui, sans-serif', grid: { stroke: c.grid, width: 1 }, ticks: { stroke: c.grid, width: 1 } };
  const tz = timezone || 'UTC';
  return {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [18, 12, 0, 0],
    legend: { show: false },
    tzDate: (at) => window.uPlot.tzDate(new Date(at * S), tz),
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 9 }, y: false, bind: { dblclick: () => null } },
    scales: { x: { time: true }, y: { range: scaleOf(format, rows, target) } },
    axes: [
      { ...axis, size: 34, space: 70, values: times(tz, rows) },
      { ...axis, size: 64, values: (u, splits) => splits.map((each) => written(each, format)) },
    ],
    series: [
      {},
      { stroke: c.line, width: 2.5, points: { show: few ? true : undefined, size: 5, fill: c.line } },
      { stroke: c.before, width: 2, dash: [6, 5], points: { show: false } },
      { stroke: c.line, width: 2, dash: [2, 4], points: { show: true, size: 9, width: 2, stroke: c.line, fill: c.card, filter: (u, s, show) => (show ? rows.reduce((all, row, n) => (row.open ? [...all, n] : all), []) : null) } },
      { stroke: c.target, width: 1.5, dash: [10, 4, 2, 4], points: { show: false } },
    ],
    hooks: {
      draw: [marks(rows, c.mark)],
      setCursor: [(u) => tell(place, rows, u.cursor.idx)],
      setSelect: [(u) => brushed(u, rows)],
    },
  };
}

/** Times of day within days, else days: in the language of the page. */
function times(zone, rows) {
  const told = document.documentElement.lang || 'en';
  // Days as the page writes them, the number first.
  const lang = told.startsWith('en') ? 'en-GB' : told;
  const hours = rows.length > 0 && rows[0].end - rows[0].start <= 3600 * S;
  const day = new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'short', timeZone: zone });
  const clock = new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone });
  return (u, splits) => {
    let before = '';
    return splits.map((at) => {
      const instant = new Date(at * S);
      const named = day.format(instant);
      const time = clock.format(instant);
      const shown = !hours ? named : time === '00:00' ? named : time;
      if (shown === before) return '';
      before = shown;
      return shown;
    });
  };
}

function tell(place, rows, at) {
  const told = place.querySelector('[data-told-here]');
  const row = at === null || at === undefined ? null : rows[at];
  if (told) told.textContent = row && !row.gap ? row.words : place.dataset.help;
}

// --- zooming --------------------------------------------------------------------------------------------------------------------

function brushed(u, rows) {
  if (u.select.width < 4) return;
  const from = u.posToVal(u.select.left, 'x') * S;
  const to = u.posToVal(u.select.left + u.select.width, 'x') * S;
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom(rows.filter((row) => !row.gap && row.end > from && row.start <= to));
}

/** To the report of these intervals alone: of their days, or of their hours when they are of one day. */
function zoom(chosen) {
  if (!chosen.length) return;
  const first = chosen[0];
  const last = chosen[chosen.length - 1];
  const asked = new URLSearchParams(window.location.search);
  for (const name of ['period', 'from', 'to', 'interval']) asked.delete(name);
  asked.set('from', first.first);
  asked.set('to', last.last);
  if (first.first === last.last && first.hours && last.hours) {
    for (const name of ['hours', 'opens', 'closes']) asked.delete(name);
    asked.set('hours', first.hours.slice(0, 5) + '-' + last.hours.slice(6));
  }
  const way = document.createElement('a');
  way.href = window.location.pathname + '?' + asked;
  way.setAttribute('data-turn', '');
  way.hidden = true;
  document.querySelector('[data-report]').append(way);
  way.click();
  way.remove();
}

// --- keys -----------------------------------------------------------------------------------------------------------------------

function step(rows, by) {
  const known = rows.map((row, n) => (row.gap ? -1 : n)).filter((n) => n >= 0);
  if (!known.length) return;
  const at = known.indexOf(here);
  const next = by === 'first' ? 0 : by === 'last' ? known.length - 1 : at < 0 ? (by > 0 ? 0 : known.length - 1) : Math.min(known.length - 1, Math.max(0, at + by));
  here = known[next];
  const row = rows[here];
  const value = row.value === null ? 0 : row.value;
  chart.setCursor({ left: chart.valToPos(row.start / S, 'x'), top: chart.valToPos(value, 'y') });
}

const KEYS = { ArrowLeft: -1, ArrowRight: 1, Home: 'first', End: 'last' };

document.addEventListener('keydown', (event) => {
  const frame = event.target instanceof Element ? event.target.closest('[data-trend-keys]') : null;
  if (!frame || !chart || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const rows = chart.rows;
  if (event.key === 'Enter' && here >= 0 && rows[here]) {
    event.preventDefault();
    zoom([rows[here]]);
  } else if (event.key in KEYS) {
    event.preventDefault();
    step(rows, KEYS[event.key]);
    const spoken = frame.closest('[data-trend]').querySelector('[data-spoken]');
    if (spoken && rows[here]) spoken.textContent = rows[here].words;
  }
}, true);

// --- making it ------------------------------------------------------------------------------------------------------------------

function make(tag, attributes, ...inner) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inner);
  return made;
}

function drawChart() {
  if (chart) chart.destroy();
  if (watch) watch.disconnect();
  chart = null;
  watch = null;
  here = -1;
  const place = document.querySelector('[data-trend]');
  const table = document.querySelector('[data-points]');
  if (!place || !table || !window.uPlot) return;
  for (const old of place.querySelectorAll('[data-made]')) old.remove();
  const rows = rowsOf(table);
  const target = number(place.dataset.target);
  const frame = make('div', { tabindex: '0', role: 'application', 'aria-label': place.dataset.name + '. ' + place.dataset.help, 'data-trend-keys': '', class: 'trend-keys' });
  place.append(make('div', { 'data-made': '', class: 'trend-made' },
    make('p', { class: 'hint trend-told', 'aria-hidden': 'true', 'data-told-here': '' }, place.dataset.help),
    frame,
    make('p', { class: 'unseen', role: 'status', 'data-spoken': '' })));
  place.classList.add('has-chart');
  chart = new window.uPlot(optionsOf(place, rows, place.dataset.zone, target), dataOf(rows, target), frame);
  chart.rows = rows;
  watch = new ResizeObserver(() => {
    if (chart && place.clientWidth && place.clientWidth !== chart.width) chart.setSize({ width: place.clientWidth, height: HEIGHT });
  });
  watch.observe(place);
}

document.addEventListener('report:drawn', drawChart);
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawChart);
new MutationObserver(drawChart).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
drawChart();
