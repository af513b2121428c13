import assert from "node:assert/strict";
import { test } from "node:test";
import { Watchdog } from "../../../site_assets/widgets/core/watchdog.mjs";

const PATIENCE_S = 7;

/** @param {import("node:test").TestContext} context */
function watched(context) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const seen = { overdue: 0 };
  const dog = new Watchdog(PATIENCE_S, () => {
    seen.overdue++;
  });
  const pass = (/** @type {number} */ seconds) => {
    for (let i = 0; i < seconds; i++) context.mock.timers.tick(1000);
  };
  return { seen, dog, pass };
}

test("what does not end is noticed, once", (context) => {
  const { seen, dog, pass } = watched(context);
  dog.begin();
  pass(PATIENCE_S - 1);
  assert.equal(seen.overdue, 0);
  pass(1);
  assert.equal(seen.overdue, 1);
  pass(10 * PATIENCE_S);
  assert.equal(seen.overdue, 1);
});

test("what ends, or gets on, is left alone", (context) => {
  const { seen, dog, pass } = watched(context);
  for (let part = 0; part < 3; part++) {
    dog.begin();
    pass(PATIENCE_S - 1);
  }
  dog.end();
  pass(10 * PATIENCE_S);
  assert.equal(seen.overdue, 0);
});
