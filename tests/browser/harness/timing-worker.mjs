/** Times a model's inferences as the widgets run them, in a worker: the network alone, on an image in the middle. */

import { fileParts, modelFile } from "../widgets-dev/widgets/core/card.mjs";
import { runPipeline } from "../widgets-dev/widgets/core/preprocess.mjs";
import { published } from "../widgets-dev/widgets/core/published.mjs";
import { runtimeFiles } from "../widgets-dev/widgets/core/runtime.mjs";
import { readyTrigger } from "../widgets-dev/widgets/triggers/registry.mjs";
import { infer } from "../widgets-dev/widgets/worker/inference.mjs";
import { loadRuntime, startSession } from "../widgets-dev/widgets/worker/ort.mjs";

/**
 * @param {string} model
 * @param {import("../widgets-dev/widgets/core/card.mjs").Precision} precision
 * @param {number} runs
 * @param {string} base the page's address
 */
async function times(model, precision, runs, base) {
  const card = await (await fetch(new URL(`models/${model}/card.json`, base))).json();
  const file = modelFile(card, precision);
  const contents = fileParts(file).map(
    async ({ name }) => new Uint8Array(await (await fetch(new URL(`models/${model}/${name}`, base))).arrayBuffer()),
  );
  const bytes = await Promise.all(contents);
  const ort = await loadRuntime(new AbortController().signal, () => {}, { files: runtimeFiles("wasm", published) });
  const started = performance.now();
  const session = await startSession(ort, file, bytes);
  const open = performance.now() - started;
  await readyTrigger(card.trigger);
  const { height, width } = card.input;
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 37) % 251);
  const prepared = runPipeline(card.input, { height, width, channels: 3, data }, null);
  /** @type {number[]} */
  const found = [];
  for (let i = 0; i <= runs; i++) found.push((await infer(ort, session, card, prepared)).milliseconds);
  return { open, first: found[0], later: found.slice(1) };
}

globalThis.addEventListener("message", async ({ data }) => {
  try {
    globalThis.postMessage({ result: await times(data.model, data.precision, data.runs, data.base) });
  } catch (error) {
    globalThis.postMessage({ error: String(error instanceof Error ? error.stack : error) });
  }
});
