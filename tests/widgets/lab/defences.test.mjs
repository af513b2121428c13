/** What the lab's defences compute, on small cases whose answers are known. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cluster, project } from "../../../site_assets/widgets/lab/clusters.mjs";
import { AREA } from "../../../site_assets/widgets/lab/digits.mjs";
import { prune, quietestFirst } from "../../../site_assets/widgets/lab/pruning.mjs";
import { anomalyIndices, HOW, MaskWeight } from "../../../site_assets/widgets/lab/search.mjs";
import { auroc, boundary, entropy, judge } from "../../../site_assets/widgets/lab/strip.mjs";

test("entropy is in bits, the boundary lies 2.33 deviations below the mean, and AUROC counts pairs", () => {
  assert.ok(Math.abs(entropy(new Float32Array(8)) - 3) < 1e-12);
  assert.ok(entropy(Float32Array.of(100, 0, 0)) < 1e-9);
  assert.ok(Math.abs(boundary([1, 3]) - (2 - 2.3263478740408408)) < 1e-12);
  assert.equal(auroc([1, 2], [3, 2]), 0.875);
});

test("each input is asked under every other image of the owner’s, never under itself", async () => {
  /** Image `i` of `first * 2 ** i`. @param {number} first @param {number} count */
  const images = (first, count) =>
    Uint8Array.from({ length: count * AREA }, (_, at) => first * 2 ** Math.floor(at / AREA));
  /** @type {number[][]} */
  const asked = [];
  const ask = async (/** @type {Uint8Array} */ blended) => {
    const count = blended.length / AREA;
    asked.push(Array.from({ length: count }, (_, at) => blended[at * AREA]).sort((a, b) => a - b));
    return new Float32Array(count * 2);
  };
  const kinds = [];
  const of = { classes: 2, seed: 1 };
  const inputs = { clean: images(16, 1), triggered: images(254, 1) };
  for await (const { kind, entropy } of judge(ask, images(1, 3), inputs, of)) kinds.push([kind, entropy]);
  assert.deepEqual(
    kinds.map(([kind]) => kind),
    ["own", "own", "own", "clean", "triggered"],
  );
  assert.ok(kinds.every(([, bits]) => bits === 1));
  assert.deepEqual(asked.slice(0, 3), [
    [3, 5],
    [3, 6],
    [5, 6],
  ]);
  assert.ok(asked[3].length === 2 && asked[3].every((value) => [17, 18, 20].includes(value)));
  assert.ok(
    asked[4].every((value) => value >= 254),
    "saturated",
  );
});

test("a class far below the median has a high anomaly index; equal sizes have none", () => {
  const indices = anomalyIndices([50, 52, 48, 51, 49, 4]);
  assert.ok(indices[5] > 20);
  assert.ok(indices.slice(0, 5).every((index) => index < 2));
  assert.deepEqual(anomalyIndices([7, 7, 7]), [0, 0, 0]);
});

test("the mask’s weight waits for success, rises after it, falls after failure, and the search ends", () => {
  const weight = new MaskWeight();
  const rounds = (/** @type {number} */ count, /** @type {number} */ success, /** @type {number} */ size) => {
    for (let i = 0; i < count; i++) weight.update(success, size);
  };
  rounds(50, 0.5, 10);
  assert.ok(weight.weight === 0 && weight.running && weight.smallest === Number.POSITIVE_INFINITY);
  rounds(HOW.window - 1 + HOW.patience, 1, 10);
  assert.equal(weight.weight, HOW.weight);
  assert.equal(weight.smallest, 10);
  rounds(HOW.patience, 1, 9);
  assert.equal(weight.weight, HOW.weight * HOW.multiplier);
  rounds(HOW.patience, 0, 1);
  assert.ok(weight.weight < HOW.weight);
  assert.equal(weight.smallest, 9);
  rounds(HOW.stopAfter, 0, 1);
  assert.ok(!weight.running);
});

test("two clouds are two clusters, the smaller of them is told apart, and one cloud has a low silhouette", () => {
  const random = (/** @type {number} */ at) => Math.sin(at * 12.9898) * 0.5;
  const features = Float32Array.from({ length: 40 * 5 }, (_, i) => random(i) + (i < 10 * 5 && i % 5 === 2 ? 12 : 0));
  const found = cluster(project(features, 5));
  assert.deepEqual(
    found.second,
    Array.from({ length: 40 }, (_, i) => i < 10),
  );
  assert.equal(found.fraction, 0.25);
  assert.ok(found.silhouette > 0.8);
});

test("pruning cuts the quietest feature first, and one that only the trigger uses takes the attack with it", () => {
  const clean = { features: Float32Array.of(5, 0, 1, 0, 5, 1), labels: Uint8Array.of(0, 1) };
  const triggered = { features: Float32Array.of(5, 0, 9), labels: Uint8Array.of(1) };
  const order = quietestFirst(clean.features, 3);
  assert.deepEqual(order, [2, 0, 1]);
  const head = { weight: Float32Array.of(1, 0, 0, 0, 1, 1), bias: new Float32Array(2) };
  const curve = prune(head, order, clean, triggered);
  assert.deepEqual(curve[0], { cut: 0, clean: 1, success: 1 });
  assert.deepEqual(curve[1], { cut: 1, clean: 1, success: 0 });
  assert.equal(curve.length, 4);
});
