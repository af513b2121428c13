import assert from "node:assert/strict";
import { test } from "node:test";
import { Choices } from "../../../site_assets/widgets/inputs/choices.mjs";

test("of several choices only the last one counts", () => {
  const choices = new Choices();
  const first = choices.take();
  assert.equal(choices.isNewest(first), true);
  const second = choices.take();
  assert.deepEqual([choices.isNewest(first), choices.isNewest(second)], [false, true]);
});

test("what the page restores counts until the reader chooses something, before or after", () => {
  const choices = new Choices();
  const restored = choices.take(true);
  assert.equal(choices.isNewest(restored), true);
  choices.take();
  assert.deepEqual([choices.isNewest(restored), choices.isNewest(choices.take(true))], [false, false]);
});
