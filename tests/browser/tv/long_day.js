/**
 * A day in less than a minute: the page's time, timers, sockets and network are this script's, which lives through a reload.
 *
 * Time is `t`, milliseconds since the day began; `live(until, events)` lets it pass and answers what was seen. The server in here says
 * what Python gives it to say, keeps the truth, and closes who does not acknowledge, as the real one does.
 */
(() => {
  const START = Number('{{START}}');
  const later = window.setTimeout.bind(window);
  const fetched = window.fetch.bind(window);
  const kept = JSON.parse(window.sessionStorage.getItem('long-day') || 'null');
  const server = kept || { t: 0, epoch: 'e1', version: 1, values: JSON.parse('{{VALUES}}'), board: JSON.parse('{{BOARD}}'), sockets: 0, reloads: -1, net: 'up' };
  server.reloads += 1;
  let t = server.t;
  const born = t;
  let lost = 0; // what the machine's steady clock missed in its sleep
  let wrong = -8 * 3600000; // the television's own clock
  let build = '';
  let timers = [];
  let numbers = 0;
  let holding = 0;
  let lostAt = -Infinity;
  let open = null;

  Date.now = () => START + t + wrong;
  performance.now = () => t - born - lost;
  window.setTimeout = (work, ms) => {
    numbers += 1;
    timers.push({ id: numbers, at: t + Math.max(ms || 0, 0), work: work });
    return numbers;
  };
  window.clearTimeout = (id) => {
    timers = timers.filter((timer) => timer.id !== id);
  };
  window.requestAnimationFrame = (work) => window.setTimeout(() => work(performance.now()), 16);
  window.fetch = (address, how) => {
    if (server.net !== 'up') return Promise.reject(new TypeError('no network'));
    document.cookie = 'now=' + t + '; path=/';
    holding += 1;
    const done = () => later(() => (holding -= 1), String(address).indexOf('/boards/') >= 0 ? 1500 : 0);
    return fetched(address, how).then((answer) => { done(); return answer; }, (error) => { done(); throw error; });
  };
  window.addEventListener('pagehide', () => {
    server.t = t;
    window.sessionStorage.setItem('long-day', JSON.stringify(server));
  });

  class Socket {
    constructor() {
      server.sockets += 1;
      this.readyState = 0;
      this.owedSince = null;
      this.saidAt = t;
      this.version = -1;
      window.setTimeout(() => {
        if (this.readyState !== 0 || server.net === 'hole') return;
        if (server.net !== 'up') this.end(1006);
        else {
          this.readyState = 1;
          if (open) open.end(1006);
          open = this;
          if (this.onopen) this.onopen({});
          this.say(snapshot());
        }
      }, 40);
    }
    say(message) {
      if (this.readyState !== 1 || server.net !== 'up') return;
      this.version = server.version;
      this.saidAt = t;
      if (this.owedSince === null) this.owedSince = t;
      if (this.onmessage) this.onmessage({ data: JSON.stringify(message) });
    }
    send(text) {
      if (server.net !== 'up') return;
      const message = JSON.parse(text);
      if (message.type === 'resync') this.say(snapshot());
      else if (message.version === server.version) this.owedSince = null;
    }
    end(code) {
      if (this.readyState === 3) return;
      this.readyState = 3;
      if (open === this) open = null;
      if (this.onclose) this.onclose({ code: code });
    }
    close() {
      this.readyState = 3;
      if (open === this) open = null;
    }
  }
  window.WebSocket = Socket;

  const stamp = () => START + t;
  const snapshot = () => ({ type: 'snapshot', epoch: server.epoch, version: server.version, server_time: stamp(), board: server.board, values: server.values });

  const happen = {
    patch(event) {
      Object.keys(event.values).forEach((scope) => {
        server.values[scope] = Object.assign({}, server.values[scope], event.values[scope]);
      });
      const from = server.version;
      server.version += 1 + (event.skip || 0);
      const message = { type: 'patch', epoch: server.epoch, from: from, to: server.version, server_time: stamp(), values: event.values };
      if (open && !event.lost) open.say(message);
      if (event.lost) lostAt = t;
      if (open && event.twice) open.say(message);
    },
    net(event) {
      server.net = event.is;
      if (event.is === 'cut' && open) open.end(1006);
    },
    deploy() {
      if (open) open.end(4012);
      server.net = 'down';
      server.epoch += 'x';
      server.version = 1;
    },
    build() {
      build = 'another';
    },
    clock(event) {
      wrong += event.by;
    },
    rotate() {
      if (open) open.end(4000);
    },
    sleep(event) {
      // The socket dies unseen; one message still lies in the television's buffer.
      const old = open;
      const held = JSON.stringify(snapshot());
      const wakes = t + event.ms;
      while (todo.length && todo[0].at <= wakes) {
        const next = todo.shift();
        t = Math.max(t, next.at);
        open = null;
        happen[next.kind](next);
      }
      t = wakes;
      if (event.steady) {
        lost += event.ms;
        timers.forEach((timer) => (timer.at += event.ms));
      }
      if (old) {
        old.owedSince = null;
        if (old.readyState === 1 && old.onmessage) old.onmessage({ data: held });
        later(() => old.end(1006), 0);
      }
    },
  };

  function serve() {
    if (!open || server.net !== 'up') return;
    if (open.owedSince !== null && t - open.owedSince > 20000) open.end(4008);
    else if (t - open.saidAt >= 10000) {
      const own = document.documentElement.dataset.build;
      open.say({ type: 'heartbeat', epoch: server.epoch, version: server.version, server_time: stamp(), build: build || own });
    }
  }

  const seen = { wrong: [], notLive: [], checks: 0, worstLie: 0, negative: 0, errors: [] };
  const wrongSince = {};
  window.addEventListener('error', (event) => seen.errors.push(String(event.message)));

  function truth(scope, key) {
    const value = (server.values[scope] || {})[key];
    if (key !== 'longest_wait_since') return [String(value)];
    if (value === null) return ['–'];
    return [0, 1, 2].map((less) => {
      const s = Math.floor((stamp() - value) / 1000) - less;
      return s < 3600 ? Math.floor(s / 60) + ':' + ('0' + (s % 60)).slice(-2) : Math.floor(s / 3600) + 'h' + ('0' + Math.floor((s % 3600) / 60)).slice(-2);
    });
  }

  function check(calm) {
    seen.checks += 1;
    Array.from(document.querySelectorAll('[data-value]')).forEach((element) => {
      const data = element.dataset;
      if (['waiting', 'calls_in', 'longest_wait_since'].indexOf(data.key) < 0) return;
      const shown = element.firstChild.data;
      const fresh = element.closest('[data-freshness]').dataset.freshness;
      const right = truth(data.scope, data.key).indexOf(shown) >= 0;
      if (shown.indexOf('-') >= 0) seen.negative += 1;
      if (right || fresh !== 'live') delete wrongSince[data.value];
      else {
        if (wrongSince[data.value] === undefined) wrongSince[data.value] = t;
        seen.worstLie = Math.max(seen.worstLie, t - wrongSince[data.value]);
      }
      if (calm && fresh !== 'live') seen.notLive.push([t, data.value, fresh]);
      // A message that was lost is noticed by the next one, ten seconds later at most.
      const patience = t - lostAt < 15000 ? 12000 : 3000;
      if (calm && !right && t - (wrongSince[data.value] || t) > patience) seen.wrong.push([t, data.value, shown, truth(data.scope, data.key)]);
    });
    if (calm && document.documentElement.dataset.link !== 'live') seen.notLive.push([t, 'link', document.documentElement.dataset.link]);
  }

  let todo = [];
  /** Lets time pass until `until`; `calm` are the spans in which nothing has been wrong for half a minute. */
  window.live = async (until, events, calm) => {
    todo = events.filter((event) => event.at >= t);
    let looked = t;
    while (t < until) {
      while (holding) await new Promise((go) => later(go, 5));
      let next = Math.min(until, looked + 1000);
      timers.forEach((timer) => (next = Math.min(next, timer.at)));
      if (todo.length) next = Math.min(next, todo[0].at);
      t = Math.max(t, next);
      while (todo.length && todo[0].at <= t) {
        const event = todo.shift();
        happen[event.kind](event);
      }
      const due = timers.filter((timer) => timer.at <= t).sort((a, b) => a.at - b.at);
      if (due.length) {
        timers = timers.filter((timer) => timer.at > t);
        due.forEach((timer) => timer.work());
      }
      if (t - looked >= 1000) {
        looked = t;
        serve();
        check(calm.some((span) => t >= span[0] && t <= span[1]) && t - born > 30000);
        if (Math.floor(t / 1000) % 60 === 0) await new Promise((go) => later(go, 0));
      }
    }
    return window.found();
  };
  window.found = () => Object.assign({ t: t, reloads: server.reloads, sockets: server.sockets, version: server.version }, seen);
})();
