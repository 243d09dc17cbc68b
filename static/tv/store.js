/**
 * What the server has told this screen: epoch, version and values. It knows no document, no socket and no time.
 *
 * Rules that hold here: a snapshot replaces everything; a patch is applied only on exactly the version it starts from; whatever
 * else arrives is never repaired in part but answered by asking for a snapshot.
 */

/**
 * @typedef {Object<string, *>} Metrics the values of one scope by metric
 * @typedef {{kind: string, scopes: string[]}} Outcome kind is snapshot, patch, heartbeat, gap or ignored; scopes are those touched
 */

const EVERYTHING = [];
const NOTHING = [];

export function createStore() {
  let epoch = null;
  let version = null;
  let board = null;
  /** @type {Object<string, Metrics>} */
  let values = Object.create(null);
  let waitsForSnapshot = true;

  function isWhole(number) {
    return typeof number === 'number' && isFinite(number);
  }

  function isObject(thing) {
    return typeof thing === 'object' && thing !== null && !Array.isArray(thing);
  }

  function takeSnapshot(message) {
    if (!isWhole(message.version) || !isObject(message.values)) return gap();
    epoch = message.epoch;
    version = message.version;
    board = isObject(message.board) ? message.board : board;
    values = Object.assign(Object.create(null), message.values);
    waitsForSnapshot = false;
    return { kind: 'snapshot', scopes: EVERYTHING };
  }

  function takePatch(message) {
    if (waitsForSnapshot) return { kind: 'ignored', scopes: NOTHING };
    if (message.epoch !== epoch || message.from !== version || !isWhole(message.to) || !isObject(message.values)) return gap();
    const scopes = Object.keys(message.values);
    for (let i = 0; i < scopes.length; i += 1) {
      const scope = scopes[i];
      const news = message.values[scope];
      if (news === null) delete values[scope];
      else values[scope] = Object.assign({}, values[scope], news);
    }
    version = message.to;
    return { kind: 'patch', scopes: scopes };
  }

  function takeHeartbeat(message) {
    if (waitsForSnapshot) return { kind: 'heartbeat', scopes: NOTHING };
    if (message.version !== version || (message.epoch !== undefined && message.epoch !== epoch)) return gap();
    return { kind: 'heartbeat', scopes: NOTHING };
  }

  function gap() {
    waitsForSnapshot = true;
    return { kind: 'gap', scopes: NOTHING };
  }

  return {
    /** @param {*} message one decoded message of the server @returns {Outcome} */
    take(message) {
      if (!isObject(message)) return { kind: 'ignored', scopes: NOTHING };
      if (message.type === 'snapshot') return takeSnapshot(message);
      if (message.type === 'patch') return takePatch(message);
      if (message.type === 'heartbeat') return takeHeartbeat(message);
      return { kind: 'ignored', scopes: NOTHING };
    },
    /** Whatever comes next but a snapshot is not to be built upon. */
    distrust() {
      waitsForSnapshot = true;
    },
    /** The values of a scope, or undefined. @param {string} scope @returns {Metrics | undefined} */
    of(scope) {
      return values[scope];
    },
    /** @returns {string[]} */
    scopes() {
      return Object.keys(values);
    },
    /** Whether the values are the server's and nothing is missing. */
    isWhole() {
      return !waitsForSnapshot;
    },
    /** The newest version applied, to be acknowledged; null before the first snapshot. @returns {number | null} */
    version() {
      return version;
    },
    /** The board of the last snapshot that told one. */
    board() {
      return board;
    },
  };
}
