/** Odd networks, with the answers and refusals that Python wrote beside them: the browser gives the same. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as ort from "onnxruntime-web";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { toTensor } from "../../../site_assets/widgets/core/tensor.mjs";
import { requireFit } from "../../../site_assets/widgets/worker/fit.mjs";
import { infer } from "../../../site_assets/widgets/worker/inference.mjs";
import { relativeDifference } from "../../browser/harness/golden-compare.mjs";
import { ROOT } from "../../browser/harness/server.mjs";

const FOLDER = join(ROOT, ".cache/fixtures/odd/networks");
const ANSWERS = join(FOLDER, "answers.json");

/** @type {{kind: string, folder: string, pixels: number[], logits?: number[], refused?: string}[]} */
const cases = existsSync(ANSWERS) ? JSON.parse(readFileSync(ANSWERS, "utf8")) : [];

test("there are odd networks", () => {
  assert.ok(cases.length > 15, "run `make fixtures`");
});

/** @param {string} folder @param {number[]} pixels */
async function answer(folder, pixels) {
  const card = JSON.parse(readFileSync(join(FOLDER, folder, "card.json"), "utf8"));
  const session = await ort.InferenceSession.create(readFileSync(join(FOLDER, folder, card.files[0].name)));
  requireFit(card, session);
  const { height, width, channels } = card.input;
  const image = { height, width, channels, data: Uint8Array.from(pixels) };
  const prepared = { stages: [], pixels: image, ...toTensor(card.input.steps, image) };
  return (await infer(ort, session, card, prepared)).logits;
}

for (const { kind, folder, pixels, logits, refused } of cases) {
  test(`${kind}: ${logits ? "Python's answer" : "refused in Python's words"}`, async () => {
    if (logits) {
      const difference = relativeDifference(await answer(folder, pixels), logits);
      assert.ok(difference < (kind === "float16" ? 2e-3 : 1e-5), String(difference));
      return;
    }
    await assert.rejects(answer(folder, pixels), (error) => {
      // What the runtime cannot load, it says itself.
      if (refused?.startsWith("onnxruntime cannot")) return true;
      assert.ok(error instanceof WidgetError, String(error));
      assert.equal(error.details.found, refused);
      return true;
    });
  });
}
