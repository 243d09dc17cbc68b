/** A page that needs nothing of its own to stay true. */

import { startLive } from './live.js';

startLive();
