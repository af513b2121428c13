import assert from "node:assert/strict";
import { test } from "node:test";
import { firstShown, ordered, turned } from "../../../site_assets/widgets/core/matrix.mjs";

test("rows are sorted either way, and those without a number come last both times", () => {
  const ranks = [2, null, 3, 1];
  assert.deepEqual(ordered(ranks, "descending"), [2, 0, 3, 1]);
  assert.deepEqual(ordered(ranks, "ascending"), [3, 0, 2, 1]);
});

test("equal rows keep their order, either way", () => {
  assert.deepEqual(ordered([1, 2, 1, null, 2, null], "descending"), [1, 4, 0, 2, 3, 5]);
  assert.deepEqual(ordered([1, 2, 1, null, 2, null], "ascending"), [0, 2, 1, 4, 3, 5]);
});

test("a column begins with the best caught, and turns round when it is chosen again", () => {
  assert.equal(turned(null), "descending");
  assert.equal(turned("descending"), "ascending");
  assert.equal(turned("ascending"), "descending");
});

test("all columns are shown where there is room, else the first family", () => {
  assert.equal(firstShown(["inputs", "network"], true), "");
  assert.equal(firstShown(["inputs", "network"], false), "inputs");
  assert.equal(firstShown(["inputs"], false), "");
});
