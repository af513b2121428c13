/**
 * The golden inputs in Node, from images that Python decoded (Node decodes no JPEG): the same modules and the same
 * WebAssembly as in the browser. `python -m export.release.golden decode --out .cache/golden` writes the images.
 *
 * The browser's test asks every network; this one a digits' and a photos' network, and with THOROUGH=1 all.
 */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as ort from "onnxruntime-web";
import { fileParts, modelFile } from "../../../site_assets/widgets/core/card.mjs";
import { runPipeline } from "../../../site_assets/widgets/core/preprocess.mjs";
import { sha256 } from "../../../site_assets/widgets/core/sha256.mjs";
import { readyTrigger } from "../../../site_assets/widgets/triggers/registry.mjs";
import { infer } from "../../../site_assets/widgets/worker/inference.mjs";
import { startSession } from "../../../site_assets/widgets/worker/ort.mjs";
import { compareLogits, comparePrepared, report, where, wrong } from "../../browser/harness/golden-compare.mjs";
import { findModels, ROOT } from "../../browser/harness/server.mjs";

const DECODED = join(ROOT, ".cache/golden");
const SOME = ["mnist-badnet", "dogs-student-latent"];
const models = [...findModels()].filter(
  ([id, folder]) => existsSync(join(folder, "golden.json")) && (process.env.THOROUGH === "1" || SOME.includes(id)),
);
const missing = existsSync(join(DECODED, "index.json")) ? false : "run `make golden-inputs` first";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(path, "utf8"));

test("there are models with golden vectors", () => {
  assert.ok(models.length > 0, "no golden.json under site_assets/models or runs/models: run `make lab`");
});

for (const [model, folder] of models) {
  test(`${model}: every golden input gives Python's answer in Node`, { skip: missing }, async (context) => {
    const card = json(join(folder, "card.json"));
    const golden = json(join(folder, "golden.json"));
    const index = json(join(DECODED, "index.json"));
    /** @type {Map<string, import("onnxruntime-web").InferenceSession>} */
    const sessions = new Map();
    for (const precision of Object.keys(golden.vectors[0].logits)) {
      const file = modelFile(card, /** @type {any} */ (precision));
      const contents = fileParts(file).map(({ name }) => readFileSync(join(folder, name)));
      sessions.set(precision, await startSession(ort, file, contents));
    }
    await readyTrigger(card.trigger);
    const rows = [];
    for (const vector of golden.vectors) {
      const { file, ...size } = index[vector.input];
      const image = { ...size, data: new Uint8Array(readFileSync(join(DECODED, file))) };
      const prepared = runPipeline(card.input, image, vector.trigger ? card.trigger : null, vector.placement);
      const row = await comparePrepared(vector, prepared, sha256);
      for (const [precision, session] of sessions) {
        const { logits } = await infer(ort, session, card, prepared);
        compareLogits(row, vector, precision, logits, card.labels);
      }
      rows.push(row);
    }
    for (const line of report(model, rows).split("\n")) context.diagnostic(line);
    for (const row of rows) assert.deepEqual(wrong(row), [], where(row));
  });
}
