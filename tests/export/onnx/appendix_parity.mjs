/** What a network shows of its inside in Node, as the widgets' worker asks it: see `test_appendix.py`. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-web";
import { fileParts, modelFile } from "../../../site_assets/widgets/core/card.mjs";
import { infer } from "../../../site_assets/widgets/worker/inference.mjs";
import { startSession } from "../../../site_assets/widgets/worker/ort.mjs";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const json = (/** @type {string} */ path) => JSON.parse(readFileSync(path, "utf8"));
const floats = (/** @type {string} */ path) => new Float32Array(new Uint8Array(readFileSync(path)).buffer);

const found = [];
for (const { folder, precision, image, appendix, silenced, inside } of json(process.argv[2])) {
  const card = json(join(folder, "card.json"));
  const file = modelFile(card, precision);
  const contents = fileParts(file).map(({ name }) => readFileSync(join(folder, name)));
  const plain = await startSession(ort, file, contents);
  const shown = await startSession(ort, { ...file, inside }, [...contents, readFileSync(appendix)]);
  const prepared = /** @type {any} */ ({
    tensor: floats(image),
    dims: [1, card.input.channels, card.input.height, card.input.width],
  });
  const before = await infer(ort, plain, card, prepared);
  const after = await infer(ort, shown, card, prepared, inside, silenced);
  found.push({
    same: Buffer.from(before.logits.buffer).equals(Buffer.from(after.logits.buffer)),
    values: [...(after.inside?.values ?? [])],
    silenced: [...(after.inside?.silenced ?? [])],
  });
}
process.stdout.write(JSON.stringify(found));
