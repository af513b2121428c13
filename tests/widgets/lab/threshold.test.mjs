/** How few poisoned images were enough, and what to try next. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { countsAt, draw } from "../../../site_assets/widgets/lab/poison.mjs";
import { RATES } from "../../../site_assets/widgets/lab/setup.mjs";
import { isEnough, nextStop, parseTried, recordOf } from "../../../site_assets/widgets/lab/threshold.mjs";
import { CARD, openData } from "./open-lab.mjs";

const tried = (
  /** @type {number} */ images,
  /** @type {number} */ success,
  /** @type {number | null} */ target = 7,
) => ({
  title: "White square",
  target,
  images,
  clean: 0.98,
  success,
});

test("the record is the fewest images that reach 90 %, for the target that is set", () => {
  const all = [tried(61, 0.99), tried(24, 0.93), tried(12, 0.899), tried(24, 0.95), tried(3, 1, null), tried(6, 1, 0)];
  assert.deepEqual(recordOf(all, 7), tried(24, 0.95));
  assert.deepEqual(recordOf(all, null), tried(3, 1, null));
  assert.equal(recordOf(all, 5), null);
  assert.ok(isEnough(tried(1, 0.9)));
});

test("a trigger that works without poison is no record", () => {
  assert.equal(recordOf([tried(0, 1)], 7), null);
});

test("next is a little less than the record, or more than all that were too few", () => {
  const stops = [0, 3, 6, 12, 24, 61];
  assert.equal(nextStop([tried(24, 0.95), tried(12, 0.2)], 7, stops), 3);
  assert.equal(nextStop([tried(3, 0.95)], 7, stops), -1); // No fewer can be poisoned, but none.
  assert.equal(nextStop([tried(6, 0.2), tried(12, 0.3), tried(61, 0.95, 1)], 7, stops), 4);
  assert.equal(nextStop([tried(61, 0.2)], 7, stops), -1);
  assert.equal(nextStop([], 7, stops), 1);
  assert.equal(nextStop([tried(24, 0.95)], 7, []), -1); // The setup has a problem.
});

test("the slider’s numbers are what is drawn", async () => {
  const { labels } = (await openData()).training;
  for (const clean of [{}, { clean_label: /** @type {const} */ (true) }]) {
    const attack = { ...CARD.recipe.attack, ...clean };
    assert.deepEqual(
      countsAt(RATES, labels, attack, 10),
      RATES.map((rate) => draw(labels, { ...attack, poison_rate: rate }, 10, 1).length),
    );
  }
});

test("what a browser has kept comes back, and what is broken is left out", () => {
  const all = [tried(24, 0.95), tried(3, 0.1, null)];
  assert.deepEqual(parseTried(JSON.stringify(all)), all);
  assert.deepEqual(
    parseTried(JSON.stringify([null, 3, { ...all[0], images: "24" }, { ...all[0], clean: -1 }, all[1]])),
    [all[1]],
  );
  for (const text of [null, "", "{", "{}", "null"]) assert.deepEqual(parseTried(text), []);
});
