/**
 * The socket to the server: opens it, watches it, replaces it. It knows no tile.
 *
 * Rules that hold here: only a message is a sign of life (a television's socket stays "open" for minutes after the network is
 * gone); an old socket's events are taken away before a new one is made; delays have full jitter, and their reset must be earned.
 */

export const LATE_MS = 15000;
export const OFFLINE_MS = 25000;
/** A closed socket is usually back within this; only then is it worth a word. */
const CLOSED_MS = 3000;
const FIRST_DELAY_MS = 1000;
const MOST_DELAY_MS = 10000;
const EARNED_MS = 30000;
const OPENING_MS = 10000;
/** The server's word that this screen may not see the board any more. */
export const ENDED = 4003;

/**
 * @param {{
 *   url: string,
 *   onMessage: (text: string) => void,
 *   onOpen: () => void,
 *   onState: (state: string) => void,
 *   onEnded: () => void,
 *   monotonic?: () => number,
 *   random?: () => number,
 *   connect?: (url: string) => WebSocket,
 *   later?: (work: () => void, ms: number) => number,
 *   never?: (timer: number) => void,
 * }} options
 */
export function createLink(options) {
  const monotonic = options.monotonic || (() => performance.now());
  const random = options.random || Math.random;
  const connect = options.connect || ((url) => new WebSocket(url));
  const later = options.later || ((work, ms) => window.setTimeout(work, ms));
  const never = options.never || ((timer) => window.clearTimeout(timer));

  /** @type {WebSocket | null} */
  let socket = null;
  let state = 'late';
  let attempts = 0;
  let heardAt = monotonic();
  let openedAt = 0;
  let dialledAt = 0;
  let closedAt = monotonic();
  let timer = 0;
  let ended = false;

  function show(next) {
    if (next === state) return;
    state = next;
    options.onState(next);
  }

  function detach() {
    if (!socket) return;
    const old = socket;
    socket = null;
    old.onopen = old.onmessage = old.onclose = old.onerror = null;
    try {
      old.close();
    } catch (error) {
      // A socket that cannot even be closed is dead already.
    }
  }

  function dial() {
    never(timer);
    timer = 0;
    detach();
    if (ended) return;
    dialledAt = monotonic();
    try {
      socket = connect(options.url);
    } catch (error) {
      retry();
      return;
    }
    socket.onopen = () => {
      openedAt = monotonic();
      options.onOpen();
    };
    socket.onmessage = (event) => {
      heardAt = monotonic();
      if (heardAt - openedAt >= EARNED_MS) attempts = 0;
      show('live');
      options.onMessage(event.data);
    };
    socket.onclose = (event) => {
      detach();
      closedAt = monotonic();
      openedAt = 0;
      if (event.code === ENDED) {
        ended = true;
        show('offline');
        options.onEnded();
      } else retry();
    };
  }

  function retry() {
    if (timer) return;
    const most = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * Math.pow(2, Math.min(attempts, 10)));
    attempts += 1;
    timer = later(dial, Math.floor(random() * most));
  }

  /** To be called about once a second: judges the silence and replaces a socket that does not live. */
  function watch() {
    if (ended) return;
    const now = monotonic();
    const silence = now - heardAt;
    if (silence >= OFFLINE_MS) show('offline');
    else if (silence >= LATE_MS || (!socket && now - closedAt >= CLOSED_MS)) show('late');
    if (!socket) {
      if (!timer) retry();
      return;
    }
    const opening = socket.readyState === 0 && now - dialledAt >= OPENING_MS;
    const dead = socket.readyState !== 0 && now - Math.max(heardAt, dialledAt) >= OFFLINE_MS;
    if (opening || dead) {
      detach();
      closedAt = now;
      retry();
    }
  }

  return {
    start: dial,
    watch: watch,
    /** The network is said to be back, or the machine has woken: do not wait for the timer. */
    hurry() {
      if (ended) return;
      attempts = 0;
      if (!socket || socket.readyState !== 1 || monotonic() - heardAt >= LATE_MS) dial();
    },
    /** @param {Object} message @returns {boolean} whether it could be handed to the socket */
    send(message) {
      if (!socket || socket.readyState !== 1) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    /** Milliseconds since the last message. */
    silence() {
      return monotonic() - heardAt;
    },
    state() {
      return state;
    },
  };
}
