/**
 * Finds every value of the page once and keeps it true from then on; the template drew it, this only says what it is to show.
 *
 * A holder is an element with `data-freshness`: a tile, a panel, a row, a cell or an agent. Values belong to their nearest holder.
 */

import { DASH, filled, isNumber, wholeSeconds, written } from './format.js';
import { standingOf, standingOfPage, ticks, worst, LATE_MS, STALE_MS, rank } from './freshness.js';
import { placeAgents, placeQueues } from './rows.js';
import { severityOf, worse, SEVERITIES } from './severity.js';

const FILLED_AT_MOST = 2;
const SPARK_HEIGHT = 20;
const SPARK_POINTS = 60;
const FEEDS = ['calls', 'presence'];
const STATES = ['ready', 'talking', 'ringing', 'wrapup', 'idle', 'away', 'off', 'unknown'];

/**
 * @param {Document} page
 * @param {ReturnType<import('./commit.js').createCommit>} commit
 * @param {ReturnType<import('./store.js').createStore>} store
 * @param {{words: Object<string, string>, language: string, clock: (instant: number) => string}} place
 */
export function bindBoard(page, commit, store, place) {
  const words = place.words;
  const put = commit.put;
  const all = (selector, inside) => Array.from((inside || page).querySelectorAll(selector));
  const textIn = (element, selector) => {
    const found = element.querySelector(selector);
    return found ? commit.textOf(found) : null;
  };
  const attributeIn = (element, selector, name) => {
    const found = element.querySelector(selector);
    return found ? commit.attributeOf(found, name) : null;
  };

  const holders = all('[data-freshness]').map((element) => {
    const sourced = element.closest('[data-source]');
    const data = element.dataset;
    return {
      element: element,
      kind: data.tile ? 'tile' : data.panel ? 'panel' : data.row ? 'row' : data.agent ? 'agent' : 'cell',
      name: data.tile || data.panel || '',
      scope: data.row || data.agent || '',
      source: sourced ? sourced.getAttribute('data-source') : '',
      feed: element.closest('[data-feed]').getAttribute('data-feed'),
      first: data.freshness,
      values: [],
      standing: null,
      severity: 'calm',
      urgent: 'calm',
      freshness: commit.attributeOf(element, 'data-freshness'),
      severitySlot: data.severity ? commit.attributeOf(element, 'data-severity') : null,
      glyph: attributeIn(element, '[data-glyph]', 'href'),
      reason: data.tile || data.panel ? textIn(element, '[data-reason]') : null,
      word: data.tile ? textIn(element, '[data-word]') : null,
      blank: data.tile ? commit.attributeOf(element, 'data-blank') : null,
      filled: data.tile ? commit.attributeOf(element, 'data-filled') : null,
      good: data.tile && data.share ? commit.attributeOf(element, 'data-good') : null,
      share: Number(data.share),
      empty: data.empty || '',
      note: textIn(element, '[data-hero-note]'),
      state: data.agent ? commit.attributeOf(element, 'data-state') : null,
      second: data.agent ? textIn(element, '[data-second]') : null,
      over: data.row || data.agent ? commit.attributeOf(element, 'data-over') : null,
      order: data.row || data.agent ? commit.orderOf(element) : null,
      base: Number(data.base),
      title: data.name || '',
    };
  });
  const holderOf = new Map(holders.map((holder) => [holder.element, holder]));
  /** Which holders a change of a scope touches. @type {Map<string, Set<Object>>} */
  const touched = new Map();
  function touches(scope, holder) {
    if (!touched.has(scope)) touched.set(scope, new Set());
    touched.get(scope).add(holder);
  }

  all('[data-value]').forEach((element) => {
    const holder = holderOf.get(element.closest('[data-freshness]'));
    const data = element.dataset;
    holder.values.push({
      scope: data.scope,
      key: data.key,
      format: data.format,
      from: data.sev || '',
      text: commit.textOf(element),
      severity: data.severity ? commit.attributeOf(element, 'data-severity') : null,
      length: data.len ? commit.attributeOf(element, 'data-len') : null,
      none: data.none ? commit.attributeOf(element, 'data-none') : null,
      isMain: element.parentElement.classList.contains('figure'),
    });
    touches(data.scope, holder);
    const row = element.closest('[data-row]');
    if (row) touches(data.scope, holderOf.get(row));
  });
  const tiles = holders.filter((holder) => holder.kind === 'tile');
  const rows = holders.filter((holder) => holder.kind === 'row');
  const agents = holders.filter((holder) => holder.kind === 'agent');
  const hero = tiles.filter((tile) => tile.note)[0] || null;
  rows.forEach((row) => hero && touches(row.scope, hero));
  const sparks = all('[data-spark]').map((element) => ({
    scope: element.dataset.spark,
    key: element.dataset.key,
    holder: holderOf.get(element.closest('[data-freshness]')),
    points: commit.attributeOf(element, 'points'),
    drawn: null,
  }));
  const table = page.querySelector('[data-rows]');
  const more = page.querySelector('[data-more]');
  const moreText = more ? commit.textOf(more) : null;
  const moreOn = more ? commit.attributeOf(more, 'data-on') : null;
  const grid = page.querySelector('[data-agents]');
  const pageText = textIn(page, '[data-page]');
  const offText = textIn(page, '[data-off]');
  let turnedAt = NaN;
  let placed = null;

  // What holds for one rendering.
  let now = 0;
  let heardAt = 0;
  let woken = false;
  let known = false;
  const memory = new Map();
  let sources = [];

  function sourcesKnown() {
    const found = new Set();
    store.scopes().forEach((scope) => {
      if (scope.indexOf('feed:') === 0 || scope.indexOf('source:') === 0) found.add(scope.split(':')[1]);
    });
    return Array.from(found).sort();
  }

  function standingFor(source, feed) {
    const name = source + '|' + feed;
    if (!memory.has(name)) {
      const one = (from) => standingOf(store.of('feed:' + from + ':' + feed), from, now, heardAt, woken);
      memory.set(name, source ? one(source) : worst(sources.map(one)));
    }
    return memory.get(name);
  }

  /** An agent whose last document is from before a gap is believed less than the feed. */
  function standingOfAgent(told, feed) {
    if (!told || told.verified !== false || !isNumber(told.unverified_since) || feed.level === 'unknown') return feed;
    const age = now - told.unverified_since;
    const level = age >= STALE_MS ? 'stale' : age >= LATE_MS ? 'late' : feed.level;
    if (rank(level) <= rank(feed.level)) return feed;
    return { level: level, aliveAt: told.unverified_since, reason: 'unverified', source: feed.source };
  }

  function reasonOf(standing, empty) {
    const heard = standing.aliveAt === null ? null : place.clock(standing.aliveAt);
    if (standing.level === 'live') return empty;
    if (standing.level === 'unknown' || heard === null) return filled(words['short.' + standing.reason] || words['short.ok'], { time: heard });
    if (standing.level === 'late') return filled(words['say.late'], { age: Math.max(Math.floor((now - standing.aliveAt) / 1000), 0) });
    return filled(words['say.stale'], { time: heard });
  }

  function secondLine(told, state, standing) {
    const heard = standing.aliveAt === null ? null : place.clock(standing.aliveAt);
    if (standing.level === 'unknown') return filled(words['short.' + standing.reason] || words['short.ok'], { time: heard });
    if (standing.reason === 'unverified') return filled(words['say.unverified'], { time: heard });
    if (standing.level === 'stale') return filled(words['say.stale'], { time: heard === null ? DASH : heard });
    if (told && typeof told.profile === 'string' && told.profile.trim()) {
      const profile = told.profile.trim();
      return profile.toLowerCase() === words['state.' + state].toLowerCase() ? '' : profile;
    }
    if (state !== 'unknown') return '';
    return told && told.derived === true ? words['say.maybe_idle'] : words['say.unheard'];
  }

  function showValue(value, standing) {
    const told = store.of(value.scope);
    const raw = told ? told[value.key] : null;
    const at = ticks(standing) ? now : standing.aliveAt;
    const text = standing.level === 'unknown' ? DASH : written(value.format, raw, { at: at, language: place.language, words: words });
    const severity = severityOf(told, value.key, value.from, ticks(standing), now);
    put(value.text, text);
    if (value.severity) put(value.severity, severity);
    if (value.length) put(value.length, String(text.length));
    if (value.none) put(value.none, text === DASH ? 'yes' : 'no');
    return { raw: raw, severity: severity };
  }

  function heroNote(standing) {
    let first = null;
    rows.forEach((row) => {
      const told = store.of(row.scope);
      const since = told ? told.longest_wait_since : null;
      if (isNumber(since) && (!first || since < first.since || (since === first.since && row.title < first.name))) first = { since: since, name: row.title };
    });
    if (!first || !ticks(standing)) return '';
    const limits = (store.of('site') || {})['longest_wait:limits'];
    const act = Array.isArray(limits) && isNumber(limits[1]) ? wholeSeconds(Math.floor((limits[1] - first.since) / 1000)) : null;
    return filled(words['say.hero'], { queue: first.name, limit: act });
  }

  function showTile(tile, results) {
    const main = results[0] || { raw: null, severity: 'calm' };
    const empty = main.raw === null || main.raw === undefined;
    tile.severity = main.severity;
    put(tile.severitySlot, main.severity);
    put(tile.glyph, '#s-' + main.severity);
    put(tile.word, words['severity.' + main.severity] || '');
    put(tile.blank, empty ? 'yes' : 'no');
    put(tile.reason, reasonOf(tile.standing, empty ? tile.empty : ''));
    if (tile.good) put(tile.good, main.severity === 'calm' && isNumber(main.raw) && main.raw >= tile.share ? 'yes' : 'no');
    if (tile.note) put(tile.note, heroNote(tile.standing));
  }

  function showRow(row, results) {
    let severity = 'unknown';
    row.urgent = 'unknown';
    row.values.forEach((value, at) => {
      if (value.from) severity = worse(severity, results[at].severity);
      if (value.key === 'waiting' || value.key === 'longest_wait_since') row.urgent = worse(row.urgent, results[at].severity);
    });
    row.severity = severity;
    put(row.severitySlot, severity);
    put(row.glyph, '#s-' + severity);
  }

  function showAgent(agent) {
    const told = store.of(agent.scope);
    const given = told ? told.state : null;
    const state = STATES.indexOf(given) < 0 || agent.standing.level === 'unknown' ? 'unknown' : given;
    agent.severity = state;
    put(agent.state, state);
    put(agent.glyph, '#p-' + state);
    put(agent.second, secondLine(told, state, agent.standing));
  }

  function show(holder) {
    const feed = known ? standingFor(holder.source, holder.feed) : standingOfPage(now, heardAt, woken);
    if (!known) {
      // Nothing but what the server drew: it may grow old, but it cannot change.
      if (rank(feed.level) > rank(holder.first)) put(holder.freshness, feed.level);
      if (holder.reason && feed.level !== 'live') put(holder.reason, reasonOf(feed, ''));
      return;
    }
    holder.standing = holder.kind === 'agent' ? standingOfAgent(store.of(holder.scope), feed) : feed;
    put(holder.freshness, holder.standing.level);
    const results = holder.values.map((value) => showValue(value, holder.standing));
    if (holder.kind === 'tile') showTile(holder, results);
    else if (holder.kind === 'row') showRow(holder, results);
    else if (holder.kind === 'agent') showAgent(holder);
    else if (holder.kind === 'panel') put(holder.reason, reasonOf(holder.standing, holder.empty));
  }

  function fillTiles() {
    let left = FILLED_AT_MOST;
    tiles.forEach((tile) => {
      const burns = tile.severity === 'act' && left > 0;
      if (burns) left -= 1;
      put(tile.filled, burns ? 'yes' : 'no');
    });
  }

  function drawSparks() {
    sparks.forEach((spark) => {
      const told = store.of(spark.scope);
      const counts = spark.holder.standing.level === 'unknown' || !told ? null : told[spark.key];
      if (counts === spark.drawn) return;
      spark.drawn = counts;
      put(spark.points, Array.isArray(counts) ? pointsOf(counts) : '');
    });
  }

  function placeRows(maySwap) {
    if (!rows.length) return;
    const waits = rows.map((row) => (store.of(row.scope) || {}).waiting);
    if (!placed || maySwap) placed = placeQueues(
      rows.map((row, at) => ({
        rank: Math.max(SEVERITIES.indexOf(row.urgent), 0),
        busy: waits[at] > 0,
        mark: Math.max(SEVERITIES.indexOf(row.severity), 0),
        base: row.base,
      })),
      Number(table.dataset.room)
    );
    let sum = 0;
    rows.forEach((row, at) => {
      put(row.order, String(placed.order[at]));
      put(row.over, placed.over[at] ? 'yes' : 'no');
      if (placed.over[at]) sum += isNumber(waits[at]) && row.standing.level !== 'unknown' ? waits[at] : NaN;
    });
    if (moreOn) put(moreOn, placed.hidden ? 'yes' : 'no');
    if (moreText) put(moreText, placed.hidden ? filled(words[isNaN(sum) ? 'say.more_unknown' : 'say.more'], { n: placed.hidden, waiting: sum }) : '');
  }

  function turnPages() {
    if (!agents.length) return;
    const off = agents.map((agent) => agent.severity === 'off');
    const placed = placeAgents(off, Number(grid.dataset.room), now);
    agents.forEach((agent, at) => {
      put(agent.over, placed.over[at] ? 'yes' : 'no');
      put(agent.order, off[at] ? '1' : '0');
    });
    put(pageText, placed.pages > 1 ? filled(words['say.page'], { page: placed.page + 1, pages: placed.pages }) : '');
    put(offText, placed.hiddenOff ? filled(words['say.off'], { n: placed.hiddenOff }) : '');
  }

  return {
    /**
     * Says what everything, or what hangs on some scopes, is to show at this instant.
     * @param {number} instant the server's time @param {number} heard when the server was last heard @param {string[] | null} scopes
     * @param {boolean} slept whether nothing was heard since a sleep
     */
    render(instant, heard, scopes, slept) {
      now = instant;
      heardAt = heard;
      woken = slept;
      known = store.version() !== null;
      memory.clear();
      sources = sourcesKnown();
      const every = !scopes || scopes.some((scope) => scope.indexOf('feed:') === 0 || scope.indexOf('source:') === 0);
      if (every || !known) holders.forEach(show);
      else {
        const some = new Set();
        scopes.forEach((scope) => (touched.get(scope) || []).forEach((holder) => some.add(holder)));
        some.forEach(show);
      }
      if (!known) return;
      fillTiles();
      drawSparks();
      // Rows change places at most every other second, in the ticks.
      const second = Math.floor(now / 2000);
      const maySwap = !scopes && second !== turnedAt;
      if (maySwap) turnedAt = second;
      placeRows(maySwap);
      if (maySwap) turnPages();
    },
    /** The standing of the whole board, by which its head speaks; null while there is nothing but the page. */
    overall() {
      if (!known) return null;
      const standings = [];
      sources.forEach((source) => FEEDS.forEach((feed) => standings.push(standingFor(source, feed))));
      return worst(standings);
    },
  };
}

/** @param {*[]} counts one for each minute, oldest first */
export function pointsOf(counts) {
  const told = counts.slice(-SPARK_POINTS).map((count) => (isNumber(count) ? count : 0));
  const top = Math.max(1, Math.max.apply(null, told));
  return told.map((count, at) => at + ',' + Math.round((SPARK_HEIGHT - (count * (SPARK_HEIGHT - 1)) / top) * 10) / 10).join(' ');
}
