import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_INK, readState, writeState } from "../../../site_assets/widgets/core/url-state.mjs";

/** @type {import("../../../site_assets/widgets/core/strokes.mjs").Stroke[]} */
const INK = [
  [
    [10, 20],
    [30, 40],
  ],
];

test("what is written is read back", () => {
  const state = { trigger: true, precision: "fp32", model: 1, strokes: INK };
  assert.deepEqual(readState(writeState("", "demo", state), "demo"), state);
});

test("where the overlay lies is written and read back, and taken out again", () => {
  const state = { sample: 1, placement: { x: 0.25, y: 0.6, size: 0.5, angle: -12.5 } };
  const search = writeState("", "demo", state);
  assert.equal(search, "?demo.place=0.25_0.6_0.5_-12.5&demo.sample=2");
  assert.deepEqual(readState(search, "demo"), state);
  assert.equal(writeState(search, "demo", { sample: 1 }), "?demo.sample=2");
  assert.equal(readState("?demo.place=nowhere", "demo").placement, undefined);
});

test("a sample is written unless there is a drawing", () => {
  assert.equal(readState(writeState("", "demo", { sample: 4 }), "demo").sample, 4);
  assert.equal(readState(writeState("", "demo", { sample: 4, strokes: INK }), "demo").sample, undefined);
});

test("two widgets of a page and the page's own query do not disturb each other", () => {
  const first = writeState("?q=word", "one", { trigger: true });
  const both = writeState(first, "two", { sample: 2 });
  assert.equal(new URLSearchParams(both).get("q"), "word");
  assert.deepEqual(readState(both, "one"), { trigger: true });
  assert.deepEqual(readState(both, "two"), { sample: 2 });
  assert.equal(writeState(writeState(both, "one", {}), "two", {}), "?q=word");
});

test("nothing to say leaves no question mark", () => {
  assert.equal(writeState("", "demo", {}), "");
});

test("a drawing too long to share is left out", () => {
  const long = [Array.from({ length: MAX_INK }, (_, i) => /** @type {[number, number]} */ ([i % 256, (i * 7) % 256]))];
  assert.equal(writeState("", "demo", { strokes: long }), "");
});

for (const search of [
  "?demo.trigger=maybe",
  "?demo.sample=0",
  "?demo.sample=x",
  "?demo.ink=%00",
  "?demo.precision=<b>",
]) {
  test(`${search} is ignored`, () => {
    assert.deepEqual(readState(search, "demo"), {});
  });
}
