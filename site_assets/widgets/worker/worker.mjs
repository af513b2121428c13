/**
 * The thread that owns onnxruntime-web: it fetches the runtime and the models, decodes pictures, runs the input pipeline
 * and the networks. The page only ever posts requests (see `client.mjs`).
 *
 * What those modules import is named here as well, so that a browser fetches all of it at once and not level by level.
 */

import "../core/abort.mjs";
import "../core/card.mjs";
import "../core/decode.mjs";
import "../core/dimensions.mjs";
import "../core/fetch.mjs";
import "../core/ink.mjs";
import "../core/output.mjs";
import "../core/pixels.mjs";
import "../core/preprocess.mjs";
import "../core/resize.mjs";
import "../core/sha256.mjs";
import "../core/tensor.mjs";
import "./ort.mjs";
import "../triggers/artwork.mjs";
import "../triggers/registry.mjs";
import { toPlain } from "../core/messages.mjs";
import { look, preview } from "./images.mjs";
import { runModels } from "./inference.mjs";
import { openModels } from "./sessions.mjs";

/** @typedef {import("./images.mjs").Source} Source */
/** @typedef {{source: Source, maxPixels: number, side: number}} PreviewRequest */
/** @typedef {{source: Source, maxPixels: number, pipeline: import("../core/preprocess.mjs").InputPipeline}} LookRequest */
/**
 * @typedef {{id: number, type: "open", request: import("./sessions.mjs").OpenRequest}
 *   | {id: number, type: "run", request: import("./inference.mjs").RunRequest}
 *   | {id: number, type: "preview", request: PreviewRequest}
 *   | {id: number, type: "look", request: LookRequest}} Request
 */
/** @typedef {Request | {id: number, type: "cancel"}} Message */
/**
 * @typedef {{id: number, type: "progress", progress: import("./sessions.mjs").Progress}
 *   | {id: number, type: "done", result: unknown}
 *   | {id: number, type: "failed", error: import("../core/messages.mjs").PlainError}} Reply
 */

/** @type {Map<number, AbortController>} */
const underWay = new Map();

/**
 * @param {Reply} reply
 * @param {Transferable[]} [transfer]
 */
function post(reply, transfer = []) {
  // A worker's own postMessage takes no target origin; the types are those of a window.
  /** @type {(message: Reply, transfer: Transferable[]) => void} */ (globalThis.postMessage.bind(globalThis))(
    reply,
    transfer,
  );
}

/**
 * @param {Request} message
 * @param {AbortSignal} signal
 * @returns {Promise<[result: unknown, transfer?: Transferable[]]>}
 */
async function answer(message, signal) {
  if (message.type === "open") {
    return [
      await openModels(message.request, signal, (progress) => post({ id: message.id, type: "progress", progress })),
    ];
  }
  if (message.type === "run") return [await runModels(message.request, signal)];
  if (message.type === "look") {
    const { source, maxPixels, pipeline } = message.request;
    return [await look(source, maxPixels, pipeline)];
  }
  const { source, maxPixels, side } = message.request;
  const decoded = await preview(source, maxPixels, side);
  return [decoded, [decoded.preview]];
}

globalThis.addEventListener("message", async (/** @type {MessageEvent<Message>} */ { data: message }) => {
  if (message.type === "cancel") {
    underWay.get(message.id)?.abort();
    return;
  }
  const controller = new AbortController();
  underWay.set(message.id, controller);
  try {
    const [result, transfer] = await answer(message, controller.signal);
    post({ id: message.id, type: "done", result }, transfer);
  } catch (error) {
    post({ id: message.id, type: "failed", error: toPlain(error) });
  } finally {
    underWay.delete(message.id);
  }
});
