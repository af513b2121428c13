/**
 * The runtime's machine code, asked for by the page's first module: the worker, which will read it, is not there yet, and
 * neither are the cards.
 */

import { requestUnlessKept } from "../core/fetch.mjs";
import { FOLDER, runtimeFile, WASM } from "../core/runtime.mjs";

/** @typedef {ReadableStream<Uint8Array>} Stream */

/** @type {{body: Promise<Stream | null>, controller: AbortController} | null} */
let early = null;

/** Ask for the machine code, unless the browser keeps it or cannot hand it to the worker as it arrives. */
export function hurry() {
  if (early || !canTransfer()) return;
  const controller = new AbortController();
  // Whatever goes wrong happens to the worker as well, which says what it is.
  early = { body: begin(controller.signal).catch(() => null), controller };
}

/** @param {AbortSignal} signal */
async function begin(signal) {
  const file = { url: new URL(WASM, FOLDER).href, what: "the neural-network runtime", ...(await runtimeFile()) };
  const response = await requestUnlessKept(file, signal);
  return response?.body ?? null;
}

/**
 * What has been asked for, once.
 *
 * @param {AbortSignal} [signal] ends it
 * @returns {Promise<Stream | null>}
 */
export async function takeEarly(signal) {
  if (!early) return null;
  const { body, controller } = early;
  early = null;
  if (signal?.aborted) controller.abort();
  signal?.addEventListener("abort", () => controller.abort(), { once: true });
  return body;
}

/** Safari cannot before version 26. */
function canTransfer() {
  try {
    const stream = new ReadableStream();
    structuredClone(stream, { transfer: [stream] });
    return true;
  } catch {
    return false;
  }
}
