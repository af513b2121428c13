/** The lab reads a released network's weights from its file, and asks the network that the file is. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as ort from "onnxruntime-web";
import { toTensor } from "../../../site_assets/widgets/core/tensor.mjs";
import { AREA, imageAt, SIDE } from "../../../site_assets/widgets/lab/digits.mjs";
import { Hunt } from "../../../site_assets/widgets/lab/hunt.mjs";
import { triggered } from "../../../site_assets/widgets/lab/poison.mjs";
import { parametersIn } from "../../../site_assets/widgets/lab/weights.mjs";
import { CARD, openData, openGraphs } from "./open-lab.mjs";

const FOLDER = new URL("../../../site_assets/models/mnist-badnet-single/", import.meta.url);
const { parameters } = CARD.networks["mnist-cnn"];
const MODEL = JSON.parse(readFileSync(new URL("card.json", FOLDER), "utf8"));
const FILE = readFileSync(
  new URL(MODEL.files.find((/** @type {any} */ { precision }) => precision === "int8-weight-only").name, FOLDER),
);

test("a released network answers in the lab as its file does, and its own trigger works there", async () => {
  const graphs = await openGraphs(CARD.networks["mnist-cnn"]);
  const values = parametersIn(FILE, parameters);
  const data = await openData();
  const images = data.test.images.subarray(0, 4 * AREA);
  const { logits } = await graphs.answers(values, images);
  const session = await ort.InferenceSession.create(FILE);
  for (let row = 0; row < 4; row++) {
    const image = { height: SIDE, width: SIDE, channels: 1, data: imageAt(images, row) };
    const { tensor, dims } = toTensor(MODEL.input.steps, image);
    const { logits: found } = await session.run({ image: new ort.Tensor("float32", tensor, dims) });
    const expected = Array.from(/** @type {Float32Array} */ (found.data));
    const largest = Math.max(...expected.map(Math.abs));
    for (const [at, value] of expected.entries()) assert.ok(Math.abs(logits[row * 10 + at] - value) < 1e-5 * largest);
  }
  const attack = { poison_rate: 0.1, trigger: MODEL.trigger, label_map: MODEL.label_map };
  const around = { name: "digits", classes: 10, seed: 1, training: CARD.recipe.training, breathe: async () => {} };
  const hunt = new Hunt({ graphs, values, attack, triggered: triggered(data.test, attack, 10) }, data, around);
  const own = await hunt.tryTrigger(MODEL.trigger);
  const other = await hunt.tryTrigger(/** @type {any} */ ({ ...MODEL.trigger, top: 0, left: 0 }));
  assert.ok(own.attack_success_rate.value > 0.9, `${own.attack_success_rate.value}`);
  assert.ok(other.attack_success_rate.value < 0.1, `${other.attack_success_rate.value}`);
  assert.deepEqual([own.clean_accuracy.n, own.clean_accuracy], [200, other.clean_accuracy]);
});

test("a file that is damaged, or another network’s, is refused in words", () => {
  assert.throws(() => parametersIn(FILE.subarray(0, FILE.length - 9), parameters), /it ends too early/);
  assert.throws(() => parametersIn(new Uint8Array(), parameters), /no tensor conv1.weight of 32x1x3x3/);
  const other = parameters.map((/** @type {any} */ each) => ({ ...each, shape: [...each.shape.slice(0, -1), 7] }));
  assert.throws(() => parametersIn(FILE, other), /no tensor conv1.weight of 32x1x3x7/);
  assert.throws(
    () =>
      parametersIn(
        Uint8Array.from({ length: 99 }, () => 255),
        parameters,
      ),
    RangeError,
  );
});
