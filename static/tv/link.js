/**
 * The socket to the server: opens it, watches it, replaces it. It knows no tile.
 *
 * Rules that hold here: only a message is a sign of life (a television's socket stays "open" for minutes after the network is
 * gone); an old socket's events are taken away before a new one is made; delays have full jitter, and their reset must be earned;
 * a server that says it is being replaced is asked again soon, for a while; one that refuses us is asked every few minutes.
 */

/** A heartbeat comes after ten seconds of silence. The look once a second included, nothing is called live for fifteen without a word. */
export const LATE_MS = 13500;
export const OFFLINE_MS = 25000;
/** A closed socket is usually back within this; only then is it worth a word. */
const CLOSED_MS = 3000;
const FIRST_DELAY_MS = 1000;
const MOST_DELAY_MS = 10000;
const EARNED_MS = 30000;
const OPENING_MS = 10000;
/** The server's word that this screen may not see the board any more. */
export const ENDED = 4003;
/** The server's word that this board is not, or not any more, one of this screen's. */
export const MOVED = 4404;
const ASK_ENDED_MS = 300000;
/** The server's words that it parts from us as planned, and for how long it is then looked for without patience. */
const PLANNED = [1012, 4000, 4012];
const SOON_MS = 2000;
const SOON_FOR_MS = 20000;

/**
 * @param {{
 *   url: string,
 *   onMessage: (text: string) => void,
 *   onOpen: () => void,
 *   onState: (state: string) => void,
 *   onEnded: () => void,
 *   onAdmitted?: () => void,
 *   onMoved?: () => void,
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
  /** Whether this socket has brought anything. */
  let spoke = false;
  let soonUntil = 0;

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
    dialledAt = monotonic();
    spoke = false;
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
      spoke = true;
      if (ended) {
        ended = false;
        if (options.onAdmitted) options.onAdmitted();
      }
      if (heardAt - openedAt >= EARNED_MS) attempts = 0;
      show('live');
      options.onMessage(event.data);
    };
    socket.onclose = (event) => {
      detach();
      closedAt = monotonic();
      openedAt = 0;
      if (event.code === ENDED && !ended) {
        ended = true;
        show('offline');
        options.onEnded();
      } else if (event.code === MOVED && options.onMoved) options.onMoved();
      else if (spoke && PLANNED.indexOf(event.code) >= 0) soonUntil = closedAt + SOON_FOR_MS;
      retry();
    };
  }

  function retry() {
    if (timer) return;
    if (ended) {
      timer = later(dial, Math.floor(ASK_ENDED_MS * (0.9 + random() * 0.2)));
      return;
    }
    if (monotonic() < soonUntil) {
      timer = later(dial, Math.floor(random() * (attempts ? SOON_MS : FIRST_DELAY_MS)));
      attempts = Math.max(attempts, 1);
      return;
    }
    const most = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * Math.pow(2, Math.min(attempts, 10)));
    attempts += 1;
    timer = later(dial, Math.floor(random() * most));
  }

  /** To be called about once a second: judges the silence and replaces a socket that does not live. */
  function watch() {
    const now = monotonic();
    const silence = now - heardAt;
    if (ended || silence >= OFFLINE_MS) show('offline');
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
    /** Nobody is to be heard any more; what was open is closed. */
    stop() {
      never(timer);
      // A timer that is set already is none: nothing dials again.
      timer = -1;
      detach();
    },
    /** The network is said to be back, or the machine has woken: do not wait for the timer. */
    hurry() {
      if (ended) return;
      attempts = 0;
      if (!socket || socket.readyState !== 1 || monotonic() - heardAt >= LATE_MS) dial();
    },
    /** Whatever there is of a socket is from before a sleep: another one, now. */
    renew() {
      if (ended) return;
      attempts = 0;
      if (state === 'live') show('late');
      dial();
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
