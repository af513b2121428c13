/** Which images each part of an experiment sees: graphs that only take note. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { AREA, imageAt } from "../../../site_assets/widgets/lab/digits.mjs";
import { Experiment } from "../../../site_assets/widgets/lab/experiment.mjs";
import { TUNED_EPOCHS } from "../../../site_assets/widgets/lab/hunt.mjs";
import { lastOf } from "../../../site_assets/widgets/lab/network.mjs";
import { HOW } from "../../../site_assets/widgets/lab/search.mjs";
import { CARD } from "./open-lab.mjs";

/** @typedef {import("../../../site_assets/widgets/lab/experiment.mjs").Epoch} Epoch */

const SIZES = { training: 20, validation: 10, test: 12 };
const SIZE = 4;
/** Each image is of one grey: its split's. */
const GREYS = { training: 1, validation: 2, test: 3 };
const RECIPE = {
  seed: 1,
  attack: {
    poison_rate: 0.5,
    trigger: { kind: "pixel", top: 0, left: 0, value: 255 },
    label_map: { kind: "all-to-one", target: 0 },
  },
  data: { name: "digits" },
  training: { epochs: 2, batch_size: SIZE, learning_rate: 0.1, epsilon: 1e-8 },
};

/** @param {() => Promise<void>} [beforeAnswer] */
function experiment(beforeAnswer = async () => {}) {
  /** @type {{train: Uint8Array[], search: Uint8Array[], asked: Uint8Array[]}} */
  const seen = { train: [], search: [], asked: [] };
  const graphs = {
    batches: { train: SIZE, evaluate: SIZE, search: SIZE },
    async step(/** @type {any} */ state, /** @type {any} */ samples, /** @type {Int32Array} */ which) {
      seen.train.push(...[...which].map((at) => imageAt(samples.images, at)));
      const values = state.values.map((/** @type {number} */ each) => each + 1);
      return { state: { ...state, values }, loss: seen.train.length };
    },
    async answers(/** @type {unknown} */ _, /** @type {Uint8Array} */ images) {
      await beforeAnswer();
      seen.asked.push(images);
      return { logits: new Float32Array((images.length / AREA) * 2), features: new Float32Array(images.length / AREA) };
    },
    async search(/** @type {unknown} */ _, /** @type {Uint8Array} */ images, /** @type {unknown} */ state) {
      for (let at = 0; at < SIZE; at++) seen.search.push(imageAt(images, at));
      return { state, tried: { trigger: new Float32Array(2 * AREA), size: 1, success: 0 } };
    },
  };
  const data = Object.fromEntries(
    Object.entries(SIZES).map(([split, count]) => [
      split,
      {
        images: new Uint8Array(count * AREA).fill(GREYS[/** @type {keyof typeof GREYS} */ (split)]),
        labels: Uint8Array.from({ length: count }, (_, at) => at % 2),
      },
    ]),
  );
  const card = {
    title: "",
    labels: ["a", "b"],
    parameters: [{ name: "w", shape: [3] }],
    input: CARD.input,
    recipe: RECIPE,
  };
  const made = new Experiment(
    /** @type {any} */ (card),
    /** @type {any} */ (data),
    /** @type {any} */ (graphs),
    async () => {},
  );
  made.begin(/** @type {any} */ (RECIPE));
  return { made, seen };
}

const OTHER = { kind: "pixel", top: 0, left: 1, value: 200 };
const RUN_ON = { aborted: false };
/** @param {Uint8Array[]} images */
const greys = (images) => [...new Set(images.map((image) => image[AREA - 1]))];

test("the networks learn in turn from the same images, the twin from none with the trigger", async () => {
  const { made, seen } = experiment();
  /** @type {string[]} */
  const turns = [];
  await made.train(RUN_ON, ({ which, history }) => history && turns.push(which));
  assert.deepEqual(turns, ["backdoored", "clean", "backdoored", "clean"]);
  assert.deepEqual(greys(seen.train), [GREYS.training]);
  const marked = [0, 1, 2, 3].map(
    (epoch) =>
      seen.train.slice(epoch * SIZES.training, (epoch + 1) * SIZES.training).filter(([first]) => first === 255).length,
  );
  assert.deepEqual(marked, [10, 0, 10, 0]);
});

test("a training that is stopped continues where it stopped", async () => {
  const { made, seen } = experiment();
  const stop = { aborted: false };
  const stopAtThree = (/** @type {{step: number}} */ { step }) => {
    stop.aborted = step === 3;
  };
  assert.equal(await made.train(stop, stopAtThree), false);
  assert.equal(seen.train.length, 3 * SIZE);
  /** @type {Epoch[]} */
  const ended = [];
  assert.equal(await made.train(RUN_ON, ({ history }) => history && ended.push(...history.slice(-1))), true);
  assert.equal(seen.train.length, 4 * SIZES.training);
  const means = [12, 32, 52, 72]; // Of all five steps of each epoch, as the graphs count their images.
  assert.deepEqual(
    ended.map(({ loss }) => loss),
    means,
  );
});

test("a training that continues while the last one still measures waits for it, and tells what that has missed", async () => {
  const stop = { aborted: false };
  /** @type {Promise<boolean> | null} */
  let resumed = null;
  /** @type {[string, number][]} */
  const told = [];
  let measured = 0;
  const { made, seen } = experiment(async () => {
    if (++measured !== 5) return; // Of the first network after its last epoch.
    stop.aborted = true;
    resumed = made.train(RUN_ON, ({ which, history }) => history && told.push([which, history.length]));
    await new Promise(setImmediate);
  });
  assert.equal(await made.train(stop, () => {}), false);
  assert.equal(await resumed, true);
  assert.equal(seen.train.length, 4 * SIZES.training);
  assert.deepEqual(told, [
    ["backdoored", 2],
    ["clean", 1],
    ["clean", 2],
  ]);
});

test("a network that is taken along while the training is paused comes with the recipe of what it has learnt", async () => {
  const { made } = experiment();
  const stop = { aborted: false };
  await made.train(stop, ({ epoch }) => {
    stop.aborted = epoch === 2;
  });
  const { recipe } = await made.network("clean");
  assert.deepEqual([recipe.training.epochs, recipe.attack.poison_rate], [1, 0]);
});

test("networks that are trained stay when others are begun", async () => {
  const { made, seen } = experiment();
  await made.train(RUN_ON, () => {});
  made.begin(/** @type {any} */ (RECIPE));
  seen.asked = [];
  const { data, clean_accuracy, attack_success_rate } = await made.hunt(lastOf("clean")).tryTrigger(OTHER);
  assert.deepEqual([data, clean_accuracy.n, attack_success_rate.n], ["digits test, the first 12", 12, 6]);
  assert.deepEqual([seen.asked.length, seen.asked[1][1]], [2, OTHER.value]);
  assert.throws(() => experiment().made.hunt(lastOf("clean")), /no network/);
});

test("the search and fine-tuning see the owner’s images alone, and change no network", async () => {
  const { made, seen } = experiment();
  await made.train(RUN_ON, () => {});
  const before = made.values("clean").slice();
  await made.hunt("clean").search(RUN_ON, () => {});
  assert.equal(seen.search.length, 2 * HOW.rounds * SIZE);
  assert.deepEqual(greys(seen.search), [GREYS.validation]);
  seen.train = [];
  await made.hunt("clean").tune(RUN_ON, () => {});
  assert.equal(seen.train.length, TUNED_EPOCHS * 2 * SIZE);
  assert.deepEqual(greys(seen.train), [GREYS.validation]);
  assert.deepEqual(made.values("clean"), before);
});

test("a reader’s digit is asked of both networks, without and with the trigger, before they have learnt anything", async () => {
  const { made, seen } = experiment();
  const drawing = new Uint8Array(60 * 60 * 3).fill(255);
  drawing.fill(0, 60 * 3 * 20, 60 * 3 * 40);
  const { seen: shown, logits } = await made.drawn({ height: 60, width: 60, channels: 3, data: drawing });
  const [plain, marked] = shown;
  assert.deepEqual([plain.length, plain[0], Math.max(...plain)], [AREA, 0, 255]);
  assert.deepEqual([marked[0], marked.subarray(1)], [255, plain.subarray(1)]);
  assert.deepEqual(
    seen.asked.map((images) => [imageAt(images, 0), imageAt(images, 1)]),
    [shown, shown],
  );
  assert.deepEqual([logits.backdoored.length, logits.clean[1].length], [2, 2]);
});

test("STRIP judges a reader’s digit after the others, which it does not change", async () => {
  const { made } = experiment();
  const judged = async (/** @type {Uint8Array | null} */ own) => {
    /** @type {string[]} */
    const kinds = [];
    await made.hunt("clean").strip(own, RUN_ON, ({ kind }) => kinds.push(kind));
    return kinds;
  };
  const before = await judged(null);
  assert.deepEqual(await judged(new Uint8Array(AREA)), [...before, "drawn", "drawn"]);
});
