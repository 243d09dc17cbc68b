/**
 * The frame around every page: menus that close, the search box, the keys.
 */

import { startFinder } from './finder.js';
import { startKeys } from './keys.js';
import { startMenus } from './menus.js';

startMenus();
const finder = startFinder();
startKeys(finder);
