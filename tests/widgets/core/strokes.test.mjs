import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeStrokes,
  encodeStrokes,
  onGrid,
  simplify,
  strokePath,
} from "../../../site_assets/widgets/core/strokes.mjs";

/** @typedef {import("../../../site_assets/widgets/core/strokes.mjs").Stroke} Stroke */

/** @type {Stroke[]} */
const DRAWING = [
  [
    [0, 0],
    [255, 255],
    [3, 250],
    [130, 2],
  ],
  [[128, 128]],
];

test("a drawing survives the way through the address", () => {
  assert.deepEqual(decodeStrokes(encodeStrokes(DRAWING)), DRAWING);
});

test("the text form needs no escaping in an address", () => {
  assert.match(encodeStrokes(DRAWING), /^[A-Za-z0-9_-]+$/);
});

test("no drawing is an empty text", () => {
  assert.equal(encodeStrokes([]), "");
  assert.deepEqual(decodeStrokes(""), []);
});

for (const damaged of ["!!", "A", "AgEB", "_____w", encodeStrokes(DRAWING).slice(0, -3)]) {
  test(`a damaged drawing (${damaged}) is refused, not drawn`, () => {
    assert.equal(decodeStrokes(damaged), null);
  });
}

test("simplifying keeps ends and corners and drops what lies between", () => {
  /** @type {Stroke} */
  const corner = [];
  for (let x = 20; x <= 120; x++) corner.push([x, 30]);
  for (let y = 31; y <= 200; y++) corner.push([120, y]);
  assert.deepEqual(simplify(corner), [
    [20, 30],
    [120, 30],
    [120, 200],
  ]);
});

test("simplifying moves no point of a circle by more than the tolerance", () => {
  /** @type {Stroke} */
  const circle = Array.from({ length: 400 }, (_, i) => [
    onGrid(128 + 90 * Math.cos(i / 63)),
    onGrid(128 + 90 * Math.sin(i / 63)),
  ]);
  const fewer = simplify(circle, 1);
  assert.ok(fewer.length < circle.length / 4, `${fewer.length} points left`);
  for (const [x, y] of circle) {
    const near = fewer.slice(1).some(([bx, by], i) => {
      const [ax, ay] = fewer[i];
      const along = Math.min(
        1,
        Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)),
      );
      return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) <= 1;
    });
    assert.ok(near, `${x},${y} is too far away`);
  }
});

test("a lone point is drawn as a dot", () => {
  assert.equal(strokePath([[5, 6]]), "M5 6h0");
});

test("points are kept on the grid", () => {
  assert.equal(onGrid(-4), 0);
  assert.equal(onGrid(999), 255);
  assert.equal(onGrid(7.6), 8);
});
