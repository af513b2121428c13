import assert from "node:assert/strict";
import { test } from "node:test";
import { activate, percent, softmax, topK } from "../../../site_assets/widgets/core/output.mjs";

test("softmax sums to one and keeps the order", () => {
  const p = softmax([1, 3, 2]);
  assert.ok(Math.abs(p.reduce((a, b) => a + b) - 1) < 1e-12);
  assert.ok(p[1] > p[2] && p[2] > p[0]);
  assert.ok(Math.abs(p[1] / p[2] - Math.E) < 1e-12);
});

test("softmax survives logits that would overflow", () => {
  assert.deepEqual([...softmax([1000, 0])], [1, 0]);
  assert.deepEqual([...softmax([-1000, -1000])], [0.5, 0.5]);
});

test("activation none leaves the outputs as they are", () => {
  assert.deepEqual([...activate(Float32Array.of(0.25, 0.75), "none")], [0.25, 0.75]);
});

test("top-k names the likeliest, equal ones in the labels' order", () => {
  const best = topK([0.1, 0.4, 0.1, 0.4], ["a", "b", "c", "d"], 3);
  assert.deepEqual(
    best.map(({ label }) => label),
    ["b", "d", "a"],
  );
  assert.equal(best[0].index, 1);
});

test("top-k of more than there are gives all", () => {
  assert.equal(topK([0.5, 0.5], ["a", "b"], 9).length, 2);
});

test("a percentage never claims certainty that is not there", () => {
  assert.equal(percent(1), "100\u00a0%");
  assert.equal(percent(0.99996), ">\u00a099.9\u00a0%");
  assert.equal(percent(0.5), "50.0\u00a0%");
  assert.equal(percent(0.0004), "<\u00a00.1\u00a0%");
  assert.equal(percent(0), "0.0\u00a0%");
});
