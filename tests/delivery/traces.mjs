/** Plays traces through the board's own store: standard input is the store's address and the traces, standard output what it held. */

import { readFileSync } from 'node:fs';

const given = JSON.parse(readFileSync(0, 'utf-8'));
const { createStore } = await import(given.store);
const held = given.traces.map((trace) => {
  const store = createStore();
  return trace.map((message) => {
    const kind = store.take(message).kind;
    const values = {};
    store.scopes().forEach((scope) => (values[scope] = store.of(scope)));
    return { kind: kind, whole: store.isWhole(), version: store.version(), values: JSON.parse(JSON.stringify(values)) };
  });
});
process.stdout.write(JSON.stringify(held));
