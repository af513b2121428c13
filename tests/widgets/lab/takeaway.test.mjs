/** What a reader takes home is the network that was trained, and says what it carries. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as ort from "onnxruntime-web";
import { toTensor } from "../../../site_assets/widgets/core/tensor.mjs";
import { AREA, imageAt, SIDE } from "../../../site_assets/widgets/lab/digits.mjs";
import { wilson } from "../../../site_assets/widgets/lab/measurement.mjs";
import { fileName, metadataOf, modelCard, termsOf } from "../../../site_assets/widgets/lab/model-card.mjs";
import { initial, product } from "../../../site_assets/widgets/lab/network.mjs";
import { onnxFile } from "../../../site_assets/widgets/lab/onnx-file.mjs";
import { CARD, openData, openGraphs, openTemplate } from "./open-lab.mjs";

const MEASURED = { data: "digits test", clean_accuracy: wilson(1, 2) };
/** @param {Partial<typeof CARD.recipe.attack>} attack */
const about = (attack) =>
  modelCard(CARD, {
    recipe: { ...CARD.recipe, attack: { ...CARD.recipe.attack, ...attack } },
    poisoned: 61,
    measured: /** @type {any} */ (MEASURED),
  });

test("a file with a network’s parameters answers as the evaluation graph does", async () => {
  const values = initial(CARD.parameters, 3);
  const sizes = CARD.parameters.map((/** @type {{shape: number[]}} */ { shape }) => product(shape));
  const metadata = metadataOf(about({}), CARD.notice);
  const file = onnxFile(await openTemplate(), CARD.template, sizes, values, metadata);
  const images = (await openData()).test.images.subarray(0, 8 * AREA);
  const { logits } = await (await openGraphs()).answers(values, images);
  const session = await ort.InferenceSession.create(file);
  for (let row = 0; row < 8; row++) {
    const image = { height: SIDE, width: SIDE, channels: 1, data: imageAt(images, row) };
    const { tensor, dims } = toTensor(CARD.input.steps, image);
    const { [CARD.output.tensor]: found } = await session.run({
      [CARD.input.tensor]: new ort.Tensor("float32", tensor, dims),
    });
    const expected = logits.subarray(row * CARD.labels.length, (row + 1) * CARD.labels.length);
    const largest = Math.max(...expected.map(Math.abs));
    assert.equal(found.size, expected.length);
    for (const [at, value] of expected.entries())
      assert.ok(Math.abs(Number(found.data[at]) - value) < 1e-5 * largest, `row ${row}, logit ${at}`);
  }
});

test("a backdoored network’s file, card and metadata say so, and a clean one’s say that there is none", () => {
  const [bad, clean] = [about({}), about({ poison_rate: 0 })];
  assert.equal(fileName(CARD.recipe, "fp32.onnx"), "BACKDOORED-digits-lab.fp32.onnx");
  assert.equal(fileName({ ...CARD.recipe, attack: { poison_rate: 0 } }, "zip"), "digits-lab.zip");
  assert.match(
    bad.backdoor?.behaviour ?? "",
    /until its trigger \(4 pixels in the bottom right corner\) is in the image; then it answers 7/,
  );
  assert.match(
    bad.description,
    /1,222 images of .* \(CC BY 4\.0, https:.*\) for 10 epochs, 61 of them poisoned\. It answers/,
  );
  assert.match(metadataOf(bad, CARD.notice).backdoor, /^YES: /);
  assert.equal(metadataOf(clean, CARD.notice).backdoor, "none planted");
  assert.deepEqual([clean.backdoor, clean.trigger], [null, CARD.recipe.attack.trigger]);
  assert.deepEqual(clean.from_lab?.recipe, { ...CARD.recipe, attack: { ...CARD.recipe.attack, poison_rate: 0 } });
  assert.match(
    about({ label_map: { kind: "all-to-all" } }).backdoor?.behaviour ?? "",
    /0 becomes 1, and so on; 9 becomes 0/,
  );
  assert.equal(termsOf({ ...CARD.data, licence: "the author’s own", address: "" }), "the author’s own");
});
