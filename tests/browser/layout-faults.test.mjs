/** The geometry that the layout is judged by. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { farBars, faults, outside, overlaps, smallTargets } from "./harness/layout-faults.mjs";

/** @typedef {import("./harness/layout-page.mjs").Text} Text */

/** @param {number} left @param {number} top @param {number} width @param {number} height */
const box = (left, top, width, height) => ({ left, top, right: left + width, bottom: top + height });

/** @param {Partial<Text>} [own] @returns {Text} */
const text = (own) => ({
  text: "words",
  where: "p",
  lines: [box(0, 0, 100, 20)],
  cut: 0,
  broken: null,
  floats: false,
  ...own,
});

/** @param {Partial<import("./harness/layout-page.mjs").Collected>} own */
const page = (own) => ({ width: 320, scrollWidth: 320, texts: [], targets: [], rows: [], ...own });

test("a page in order has no faults", () => {
  assert.deepEqual(faults(page({ texts: [text(), text({ lines: [box(0, 24, 100, 20)] })] })), []);
});

test("text over text is found, lines set close and neighbours in a line are not", () => {
  const other = (/** @type {ReturnType<typeof box>} */ at) => overlaps([text(), text({ lines: [at] })]).length;
  assert.equal(other(box(40, 8, 100, 20)), 1);
  assert.equal(other(box(0, 14, 100, 20)), 0);
  assert.equal(other(box(100, 0, 50, 20)), 0);
});

test("overlaps are found among many lines, whatever lies between", () => {
  const column = Array.from({ length: 50 }, (_, i) => text({ lines: [box(0, 24 * i, 100, 20)] }));
  assert.equal(overlaps([text({ where: "tall", lines: [box(90, 0, 40, 1200)] }), ...column]).length > 0, true);
});

test("what floats over the page may cover it, but not what floats too", () => {
  assert.deepEqual(overlaps([text({ floats: true }), text()]), []);
  assert.equal(overlaps([text({ floats: true }), text({ floats: true })]).length, 1);
});

test("words cut off, or broken to under three letters a line, are found", () => {
  assert.match(faults(page({ texts: [text({ cut: 5 })] }))[0], /cut off by 5 pixels: “words” in p/);
  assert.match(faults(page({ texts: [text({ broken: { letters: 6, lines: 3 } })] }))[0], /under 3 letters/);
  assert.deepEqual(faults(page({ texts: [text({ cut: 0.8, broken: { letters: 12, lines: 2 } })] })), []);
});

test("a page wider than the window and text outside of it are found; a closed drawer is not", () => {
  const beyond = text({ lines: [box(300, 0, 60, 20)] });
  assert.equal(outside(page({ scrollWidth: 360, texts: [beyond] })).length, 2);
  assert.deepEqual(outside(page({ texts: [{ ...beyond, floats: true }] })), []);
});

test("a target under 24 pixels is found where another one is within reach", () => {
  const small = { where: "a", box: box(0, 0, 16, 16), inline: false };
  const near = { where: "b", box: box(20, 0, 16, 16), inline: false };
  assert.equal(smallTargets([small, near]).length, 2);
  assert.deepEqual(smallTargets([small, { ...near, box: box(60, 0, 16, 16) }]), []);
  assert.equal(smallTargets([small, { ...near, box: box(18, 0, 100, 40) }]).length, 1);
  assert.deepEqual(smallTargets([small, { ...near, inline: true }]), [], "links in running text are exempt");
  assert.deepEqual(smallTargets([{ ...small, box: box(0, 0, 24, 24) }, near]).length, 1);
});

test("a bar belongs to the label that it stands nearest to", () => {
  const rows = (/** @type {number} */ gap) => [
    { where: "first", label: box(0, 0, 50, 16), bar: box(0, 16 + gap, 100, 10) },
    { where: "second", label: box(0, 30 + gap, 50, 16), bar: box(0, 46 + 2 * gap, 100, 10) },
  ];
  assert.deepEqual(farBars(rows(2)), []);
  assert.match(farBars(rows(5))[0], /first/);
});
