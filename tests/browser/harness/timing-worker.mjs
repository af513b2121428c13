/** Times a model's inferences as the widgets run them, in a worker: the network alone, on a picture in the middle. */

import { runPipeline } from "../widgets-dev/widgets/core/preprocess.mjs";
import { readyTrigger } from "../widgets-dev/widgets/core/trigger.mjs";
import { infer } from "../widgets-dev/widgets/runtime/inference.mjs";
import { loadRuntime } from "../widgets-dev/widgets/runtime/ort.mjs";

/** @param {string} model @param {string} name of the file @param {number} runs @param {string} base the page's address */
async function times(model, name, runs, base) {
  const card = await (await fetch(new URL(`models/${model}/card.json`, base))).json();
  const bytes = new Uint8Array(await (await fetch(new URL(`models/${model}/${name}`, base))).arrayBuffer());
  const ort = await loadRuntime(new AbortController().signal, () => {});
  const started = performance.now();
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
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
    globalThis.postMessage({ result: await times(data.model, data.name, data.runs, data.base) });
  } catch (error) {
    globalThis.postMessage({ error: String(error instanceof Error ? error.stack : error) });
  }
});
