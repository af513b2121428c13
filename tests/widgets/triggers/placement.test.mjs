import assert from "node:assert/strict";
import { test } from "node:test";
import {
  adjust,
  decodePlacement,
  describePlacement,
  dragged,
  encodePlacement,
  knobFitsBelow,
  LARGEST,
  pinched,
  resized,
  SMALLEST,
  samePlacement,
  tidy,
  turned,
} from "../../../site_assets/widgets/triggers/placement.mjs";

const ROOM = { width: 400, height: 200 };
const MIDDLE = { x: 0.5, y: 0.5, size: 0.5, angle: 0 };

test("dragging follows the pointer, in fractions of each side, and stays inside the image", () => {
  assert.deepEqual(dragged(MIDDLE, { x: 10, y: 10 }, { x: 50, y: 30 }, ROOM), { ...MIDDLE, x: 0.6, y: 0.6 });
  const out = dragged(MIDDLE, { x: 0, y: 0 }, { x: 999, y: -999 }, ROOM);
  assert.deepEqual([out.x, out.y], [1, 0]);
});

test("twice as far from the middle is twice as large, within bounds", () => {
  assert.equal(resized(MIDDLE, { x: 250, y: 100 }, { x: 300, y: 100 }, ROOM).size, 1);
  assert.equal(resized(MIDDLE, { x: 250, y: 100 }, { x: 200, y: 100 }, ROOM).size, SMALLEST);
  assert.equal(resized(MIDDLE, { x: 201, y: 100 }, { x: 400, y: 100 }, ROOM).size, LARGEST);
  assert.ok(Number.isFinite(resized(MIDDLE, { x: 200, y: 100 }, { x: 200, y: 100 }, ROOM).size));
});

test("from above to the right is a quarter clockwise, and half a turn more comes round to the other side", () => {
  const quarter = turned(MIDDLE, { x: 200, y: 50 }, { x: 250, y: 100 }, ROOM);
  assert.equal(quarter.angle, 90);
  assert.equal(turned(quarter, { x: 200, y: 50 }, { x: 200, y: 150 }, ROOM).angle, -90);
});

test("the knob moves below the trigger where there is no room above it, and only there", () => {
  const room = { width: 400, height: 400 };
  /** @param {number} x @param {number} y @param {number} angle @param {number} [size] */
  const below = (x, y, angle, size = 0.5) => knobFitsBelow({ x, y, size, angle }, 2, 32, room);
  assert.equal(below(0.5, 0.5, 0), false);
  assert.equal(below(0.5, 0.1, 0), true);
  assert.equal(below(0.5, 0.9, 0), false);
  assert.equal(below(0.5, 0.9, 180), true);
  assert.equal(below(0.95, 0.5, 90), true);
  assert.equal(below(0.5, 0.5, 0, 2), false, "no room on either side");
});

test("what is under each of two fingers stays under it", () => {
  const start = /** @type {[any, any]} */ ([
    { x: 180, y: 100 },
    { x: 240, y: 90 },
  ]);
  const now = /** @type {[any, any]} */ ([
    { x: 150, y: 60 },
    { x: 230, y: 130 },
  ]);
  const from = { x: 0.45, y: 0.55, size: 0.4, angle: 12 };
  const to = pinched(from, start, now, ROOM);
  /** Where a point of the screen lies on the overlay. @param {any} placement @param {any} point */
  const on = ({ x, y, size, angle }, point) => {
    const turn = (-angle * Math.PI) / 180;
    const [dx, dy] = [point.x - x * ROOM.width, point.y - y * ROOM.height];
    return [dx * Math.cos(turn) - dy * Math.sin(turn), dx * Math.sin(turn) + dy * Math.cos(turn)].map(
      (each) => each / (size * ROOM.width),
    );
  };
  for (const i of [0, 1]) {
    const [before, after] = [on(from, start[i]), on(to, now[i])];
    assert.ok(Math.hypot(before[0] - after[0], before[1] - after[1]) < 0.005, `${before} ${after}`);
  }
});

test("a placement survives the address, whatever it is", () => {
  for (const placement of [
    MIDDLE,
    { x: 0, y: 1, size: 2, angle: -180 },
    { x: 0.1234, y: 0.5, size: 0.05, angle: 17.5 },
  ]) {
    assert.deepEqual(decodePlacement(encodePlacement(placement)), tidy(placement));
  }
});

test("what is no placement is none, and what is too much is brought back", () => {
  for (const text of ["", "1_2_3", "a_b_c_d", "0.5_0.5_0.5_NaN", "0.5_0.5_0.5_0_1", "1e3_0_1_0", "0.5__0.5_0"]) {
    assert.equal(decodePlacement(text), null, text);
  }
  assert.deepEqual(decodePlacement("7_-3_9_725"), { x: 1, y: 0, size: LARGEST, angle: 5 });
});

test("angles stay between half a turn left and right", () => {
  assert.equal(adjust({ ...MIDDLE, angle: 175 }, { angle: 10 }).angle, -175);
  assert.equal(tidy({ ...MIDDLE, angle: -180 }).angle, 180);
});

test("in words", () => {
  const words = "50 % from the left, 50 % from the top, 50 % of the width";
  assert.equal(describePlacement(MIDDLE), `${words}, level`);
  assert.equal(describePlacement({ ...MIDDLE, angle: -12.4 }), `${words}, turned 12 degrees to the left`);
  assert.ok(samePlacement(MIDDLE, { ...MIDDLE }) && !samePlacement(MIDDLE, { ...MIDDLE, angle: 1 }));
});
