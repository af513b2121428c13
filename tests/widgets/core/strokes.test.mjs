import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeStrokes,
  encodeStrokes,
  enlargement,
  GRID,
  MAX_WIDTH,
  onGrid,
  PEN_WIDTH,
  pressedWidth,
  simplify,
  strokeLines,
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

/** @type {Stroke} */
const PRESSED = [
  [10, 10, 8],
  [60, 12, 20],
  [90, 80, 32],
];

test("a pen's pressure survives the way through the address, beside strokes without", () => {
  const drawing = [PRESSED, ...DRAWING, [/** @type {[number, number, number]} */ ([5, 6, 12])]];
  assert.deepEqual(decodeStrokes(encodeStrokes(drawing)), drawing);
});

test("an address of before pens had pressure is still read", () => {
  assert.deepEqual(decodeStrokes("AgEBAgI"), [
    [
      [1, 1],
      [2, 2],
    ],
  ]);
});

test("a width that no pen leaves is brought within bounds", () => {
  assert.deepEqual(decodeStrokes(encodeStrokes([[[1, 1, 200]]])), [[[1, 1, MAX_WIDTH]]]);
});

test("half the pressure leaves what a mouse does, more leaves more", () => {
  assert.equal(pressedWidth(0.5), PEN_WIDTH);
  assert.ok(pressedWidth(0.01) < pressedWidth(0.3) && pressedWidth(0.3) < PEN_WIDTH && pressedWidth(1) === MAX_WIDTH);
});

test("a stroke of one width is one line, one of changing pressure a line from point to point", () => {
  assert.deepEqual(strokeLines(DRAWING[0]), [{ path: strokePath(DRAWING[0]), width: PEN_WIDTH }]);
  assert.deepEqual(
    strokeLines(PRESSED).map(({ path, width }) => [path, width]),
    [
      ["M10 10L60 12", 14],
      ["M60 12L90 80", 26],
    ],
  );
});

test("simplifying keeps a point at which the pressure turns", () => {
  /** @type {Stroke} */
  const swelling = Array.from({ length: 21 }, (_, i) => [20 + 5 * i, 50, 30 - 2 * Math.abs(i - 10)]);
  assert.deepEqual(simplify(swelling), [swelling[0], swelling[10], swelling[20]]);
});

test("a small drawing is enlarged about its middle, one of the usual size and a dot's neighbourhood are not", () => {
  const small = enlargement([
    [
      [100, 100],
      [130, 151],
    ],
  ]);
  assert.deepEqual([small.x, small.y], [115, 125.5]);
  assert.ok(small.scale > 2 && small.scale * 51 <= GRID);
  assert.equal(enlargement(DRAWING).scale, 1);
  assert.equal(enlargement([]).scale, 1);
  assert.ok(enlargement([[[128, 128]]]).scale * PEN_WIDTH <= GRID);
});
