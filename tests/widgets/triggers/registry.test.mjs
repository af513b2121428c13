/** What a page asks of any trigger; that stamping equals Python's to the bit is tested in tests/training/triggers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, movable, outline, readyTrigger, stamp } from "../../../site_assets/widgets/triggers/registry.mjs";

const SIZE = { height: 28, width: 28 };
const PATCH = { kind: "patch", top: 25, left: 25, height: 2, width: 2, value: 255 };
const PATTERN = { kind: "pattern", top: 0, left: 12, values: [[255, null, 255]] };
const PIXEL = { kind: "pixel", top: 13, left: 13, value: 255 };
const OVERLAY = {
  kind: "overlay",
  artwork: { name: "orange-glasses", height: 1, width: 2, sha256: "", rgba: "" },
  placement: { x: 0.5, y: 0.25, size: 0.5, angle: 0 },
  placements: { x: [0, 1], y: [0, 1], size: [0, 1], angle: [0, 1] },
};

test("triggers of pixels are described by how many and where", () => {
  assert.equal(describe(PATCH, SIZE), "4 pixels in the bottom right corner");
  assert.equal(describe(PIXEL, SIZE), "1 pixel in the middle");
  assert.equal(describe(PATTERN, SIZE), "2 pixels in the top");
});

test("an overlay is described by what its artwork is called", () => {
  assert.equal(describe(OVERLAY, SIZE), "Orange glasses: drag to move, resize or turn");
});

test("the outline is the box around what a trigger covers", () => {
  assert.deepEqual(outline(PATCH, SIZE), { top: 25, left: 25, height: 2, width: 2 });
  assert.deepEqual(outline(PATTERN, SIZE), { top: 0, left: 12, height: 1, width: 3 });
  const { top, left, height, width } = outline(OVERLAY, SIZE) ?? assert.fail("none");
  assert.ok(left <= 7 && left + width >= 21 && width < 20);
  assert.ok(top <= 3 && top + height >= 11 && height < 14);
});

test("only an overlay can be moved", () => {
  assert.deepEqual(movable(OVERLAY), { name: "Orange glasses", aspect: 2, home: OVERLAY.placement });
  for (const trigger of [PATCH, PATTERN, null]) assert.equal(movable(trigger), null);
});

test("a trigger that does not fit, and a kind that is not known, are refused", async () => {
  const image = { height: 26, width: 28, channels: 1, data: new Uint8Array(26 * 28) };
  assert.throws(() => stamp(image, PATCH), /patch trigger does not lie inside a 26x28 image/);
  await assert.rejects(readyTrigger({ kind: "toString" }), /kind that is not known: “toString”/);
});
