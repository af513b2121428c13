/** Runs a model's golden inputs in the browser as the widgets do: decode from the file, pipeline, network, in a worker. */

import { DEFAULT } from "../widgets-dev/widgets/core/backend.mjs";
import { fileParts, modelFile } from "../widgets-dev/widgets/core/card.mjs";
import { decodeImage } from "../widgets-dev/widgets/core/decode.mjs";
import { runPipeline } from "../widgets-dev/widgets/core/preprocess.mjs";
import { published } from "../widgets-dev/widgets/core/published.mjs";
import { runtimeFiles } from "../widgets-dev/widgets/core/runtime.mjs";
import { sha256 } from "../widgets-dev/widgets/core/sha256.mjs";
import { readyTrigger } from "../widgets-dev/widgets/triggers/registry.mjs";
import { infer } from "../widgets-dev/widgets/worker/inference.mjs";
import { loadRuntime, startSession } from "../widgets-dev/widgets/worker/ort.mjs";
import { compareLogits, comparePrepared } from "./golden-compare.mjs";

/** What computed: threads that the runtime started, and work that it gave to a GPU. */
const used = { threads: 0, gpu: 0 };

const Thread = globalThis.Worker;
globalThis.Worker = class extends Thread {
  /** @param {ConstructorParameters<typeof Worker>} given */
  constructor(...given) {
    super(...given);
    used.threads++;
  }
};

const queue = /** @type {any} */ (globalThis).GPUQueue?.prototype;
if (queue) {
  const { submit } = queue;
  queue.submit = function (/** @type {unknown[]} */ ...given) {
    used.gpu++;
    return submit.apply(this, given);
  };
}

/** For the backend that is asked for first. @type {ReturnType<typeof loadRuntime> | undefined} */
let runtime;
/** The inputs as decoded, for all models. @type {Map<string, Promise<import("../widgets-dev/widgets/core/image.mjs").Image>>} */
const decoded = new Map();

/**
 * @param {string} model
 * @param {string} base the harness page's address
 * @param {{backend?: import("../../../site_assets/widgets/core/backend.mjs").Backend, most?: number}} options `most`: of the
 *   inputs, from all over their list
 */
async function run(model, base, { backend, most = Number.POSITIVE_INFINITY }) {
  /** @param {string} input */
  const decode = async (input) => decodeImage(await (await get(`golden/${input}`)).blob(), { maxPixels: 50_000_000 });
  /** @param {string} path */
  const get = (path) => fetch(new URL(path, base));
  const card = await (await get(`models/${model}/card.json`)).json();
  const golden = await (await get(`models/${model}/golden.json`)).json();
  runtime ??= loadRuntime(new AbortController().signal, () => {}, {
    backend,
    files: runtimeFiles((backend ?? DEFAULT).runtime, published),
  });
  const ort = await runtime;
  const sessions = new Map();
  for (const precision of Object.keys(golden.vectors[0].logits)) {
    const file = modelFile(card, /** @type {any} */ (precision));
    const contents = fileParts(file).map(
      async ({ name }) => new Uint8Array(await (await get(`models/${model}/${name}`)).arrayBuffer()),
    );
    sessions.set(precision, await startSession(ort, file, await Promise.all(contents)));
  }
  await readyTrigger(card.trigger);
  const rows = [];
  const step = Math.max(1, Math.floor(golden.vectors.length / most));
  for (const vector of golden.vectors.filter((/** @type {unknown} */ _, /** @type {number} */ i) => i % step === 0)) {
    const image = decoded.get(vector.input) ?? decode(vector.input);
    decoded.set(vector.input, image);
    const prepared = runPipeline(card.input, await image, vector.trigger ? card.trigger : null, vector.placement);
    const row = await comparePrepared(vector, prepared, sha256);
    for (const [precision, session] of sessions) {
      const scores = await infer(ort, session, card, prepared);
      compareLogits(row, vector, precision, scores.logits, card.labels);
    }
    rows.push(row);
  }
  return { rows, used };
}

globalThis.addEventListener("message", async ({ data }) => {
  try {
    globalThis.postMessage({ result: await run(data.model, data.base, data) });
  } catch (error) {
    globalThis.postMessage({ error: String(error instanceof Error ? error.stack : error) });
  }
});
