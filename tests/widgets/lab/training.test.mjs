/** The lab's recipe in Node, against what PyTorch made of it (`export/release/lab_golden.py`). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../../site_assets/widgets/core/sha256.mjs";
import { AREA } from "../../../site_assets/widgets/lab/digits.mjs";
import { fresh, initial, orderOf } from "../../../site_assets/widgets/lab/network.mjs";
import { poison } from "../../../site_assets/widgets/lab/poison.mjs";
import { Portable, SEARCH } from "../../../site_assets/widgets/lab/portable.mjs";
import { firstTrigger } from "../../../site_assets/widgets/lab/search.mjs";
import { train } from "../../../site_assets/widgets/lab/training.mjs";
import { CARD, GOLDEN, openData, openGraphs } from "./open-lab.mjs";

const { seed, attack, training } = CARD.recipe;
const CLASSES = CARD.labels.length;
/** @param {ArrayBufferView} view */
const hash = (view) => sha256(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));

/**
 * The largest difference, relative to the largest value expected.
 *
 * @param {ArrayLike<number>} found
 * @param {number[]} expected
 */
function apart(found, expected, largest = Math.max(...expected.map(Math.abs))) {
  assert.equal(found.length, expected.length);
  return Math.max(...expected.map((value, at) => Math.abs(found[at] - value))) / largest;
}

test("images, poisoned samples, initial weights and order are Python’s, to the bit", async () => {
  const data = await openData();
  const poisoned = poison(data.training, attack, CLASSES, seed);
  assert.deepEqual([...poisoned.drawn], GOLDEN.drawn);
  assert.equal(await hash(data.test.images), GOLDEN.test_sha256);
  assert.equal(await hash(poisoned.images), GOLDEN.images_sha256);
  assert.equal(await hash(poisoned.labels), GOLDEN.labels_sha256);
  assert.equal(await hash(initial(CARD.parameters, seed)), GOLDEN.initial_sha256);
  assert.equal(await hash(orderOf(seed, 1, poisoned.labels.length)), GOLDEN.order_sha256);
});

test("fifty steps lead where PyTorch’s lead, and a search for a trigger too", async (context) => {
  const [data, graphs] = [await openData(), await openGraphs()];
  const samples = poison(data.training, attack, CLASSES, seed);
  const losses = [];
  let state = fresh(new Float32Array());
  for await (const step of train(graphs, samples, { parameters: CARD.parameters, seed, training })) {
    state = step.state;
    losses.push(step.loss);
    if (losses.length === GOLDEN.steps) break;
  }
  const kept = state.values.filter((_, at) => at % GOLDEN.every === 0);
  const parameters = apart(kept, GOLDEN.parameters, GOLDEN.largest);
  const { logits } = await graphs.answers(state.values, data.test.images.subarray(0, 64 * AREA));
  const answers = apart(logits, GOLDEN.logits.flat());
  const sizes = [];
  let search = fresh(firstTrigger(new Portable(seed, SEARCH)));
  for (let step = 0; step < GOLDEN.search.steps; step++) {
    const images = data.validation.images.subarray(0, CARD.search.batch * AREA);
    const made = await graphs.search(state.values, images, search, GOLDEN.search.target, GOLDEN.search.weight);
    sizes.push(made.tried.size);
    search = made.state;
  }
  const triggers = apart(sizes, GOLDEN.search.sizes);
  context.diagnostic(
    `apart: parameters ${parameters}, losses ${apart(losses, GOLDEN.losses)}, logits ${answers}, sizes ${triggers}`,
  );
  assert.ok(parameters < 1e-5, `parameters: ${parameters}`);
  assert.ok(apart(losses, GOLDEN.losses) < 1e-4);
  assert.ok(answers < 1e-4);
  assert.ok(triggers < 1e-4);
  assert.equal(training.batch_size, CARD.train.batch);
});
