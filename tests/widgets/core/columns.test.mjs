import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, sentence, stepped } from "../../../site_assets/widgets/core/columns.mjs";

const COLUMNS = [{ x: 10 }, { x: 20 }, { x: 80 }];

test("a pointer means the nearest column, also from beside the chart", () => {
  for (const [x, index] of [
    [-5, 0],
    [14, 0],
    [15, 0],
    [16, 1],
    [49, 1],
    [51, 2],
    [500, 2],
  ]) {
    assert.equal(nearest(COLUMNS, x), index, String(x));
  }
});

test("keys step, leap, and stay on the chart", () => {
  assert.equal(stepped("ArrowRight", 0, 3), 1);
  assert.equal(stepped("ArrowUp", 0, 3), 1);
  assert.equal(stepped("ArrowLeft", 2, 3), 1);
  assert.equal(stepped("ArrowRight", 2, 3), 2);
  assert.equal(stepped("ArrowLeft", 0, 3), 0);
  assert.equal(stepped("PageUp", 1, 9), 6);
  assert.equal(stepped("PageDown", 3, 9), 0);
  assert.equal(stepped("Home", 5, 9), 0);
  assert.equal(stepped("End", 5, 9), 8);
});

test("other keys mean nothing", () => {
  for (const key of ["a", "Enter", "toString"]) assert.equal(stepped(key, 1, 3), null);
});

test("a column is spoken with the names of its values", () => {
  const values = [
    { name: "Attack success rate", text: "99.6 %", y: 1 },
    { name: "Clean accuracy", text: "98.9 %", y: 2 },
  ];
  assert.equal(sentence({ x: 0, text: "3 %", values }), "3 %: Attack success rate 99.6 %, Clean accuracy 98.9 %");
});
