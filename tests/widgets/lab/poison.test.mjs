import assert from "node:assert/strict";
import { test } from "node:test";
import { AREA, imageAt } from "../../../site_assets/widgets/lab/digits.mjs";
import { poison, triggered } from "../../../site_assets/widgets/lab/poison.mjs";

const LABELS = Uint8Array.from({ length: 30 }, (_, at) => at % 3);
const CLEAN = { images: new Uint8Array(LABELS.length * AREA), labels: LABELS };
const TRIGGER = { kind: "pixel", top: 0, left: 0, value: 255 };
/** @type {import("../../../site_assets/widgets/lab/poison.mjs").Attack} */
const ATTACK = {
  poison_rate: 0.5,
  trigger: TRIGGER,
  label_map: { kind: "all-to-one", target: 2 },
};
/** @param {Uint8Array} images */
const marked = (images) => [...Array(images.length / AREA).keys()].filter((at) => imageAt(images, at)[0] === 255);

test("half of the images get the trigger and its label, and the others stay", () => {
  const { images, labels, drawn } = poison(CLEAN, ATTACK, 3, 1);
  assert.equal(drawn.length, 15);
  assert.deepEqual(marked(images), [...drawn]);
  assert.deepEqual(
    labels,
    LABELS.map((label, at) => (drawn.includes(at) ? 2 : label)),
  );
});

test("with true labels only the target’s images get the trigger, and no label changes", () => {
  const { images, labels, drawn } = poison(CLEAN, { ...ATTACK, clean_label: true }, 3, 1);
  assert.equal(drawn.length, 5);
  assert.deepEqual(marked(images), [...drawn]);
  assert.ok(drawn.every((at) => LABELS[at] === 2));
  assert.deepEqual(labels, LABELS);
});

test("success is measured on images with the trigger that have another label", () => {
  const { images, labels } = triggered(CLEAN, ATTACK, 3);
  assert.deepEqual([...labels], new Array(20).fill(2));
  assert.equal(marked(images).length, 20);
  const all = triggered(CLEAN, { ...ATTACK, label_map: { kind: "all-to-all" } }, 3);
  assert.deepEqual(
    [...all.labels],
    [...LABELS].map((label) => (label + 1) % 3),
  );
});
