/**
 * The runtime's machine code, asked for by the page's first module: the worker, which will read it, is not there yet, and
 * neither are the cards.
 */

import { requestUnlessKept } from "../core/fetch.mjs";
import { published } from "../core/published.mjs";
import { runtimeFile, runtimeFiles } from "../core/runtime.mjs";
import { sharedBackends } from "./backends.mjs";

/** @typedef {import("../core/backend.mjs").Backend} Backend */
/** @typedef {ReadableStream<Uint8Array>} Stream */

/** @type {{body: Promise<Stream | null>, runtime: Backend["runtime"], controller: AbortController} | null} */
let early = null;

/** Ask for the machine code, unless the browser keeps it or cannot hand it to the worker as it arrives. */
export function hurry() {
  if (early || !canTransfer()) return;
  const controller = new AbortController();
  // Whatever goes wrong happens to the worker as well, which says what it is.
  const { runtime } = sharedBackends().chosen;
  early = { body: begin(runtime, controller.signal).catch(() => null), runtime, controller };
}

/** @param {Backend["runtime"]} runtime @param {AbortSignal} signal */
async function begin(runtime, signal) {
  const response = await requestUnlessKept(runtimeFile(runtime, "code", runtimeFiles(runtime, published)), signal);
  return response?.body ?? null;
}

/**
 * What has been asked for, once, if it is what a backend needs.
 *
 * @param {Backend} backend
 * @param {AbortSignal} [signal] ends it
 * @returns {Promise<Stream | null>}
 */
export async function takeEarly({ runtime }, signal) {
  if (!early) return null;
  const { body, controller, runtime: asked } = early;
  early = null;
  if (signal?.aborted || runtime !== asked) controller.abort();
  signal?.addEventListener("abort", () => controller.abort(), { once: true });
  return runtime === asked ? body : null;
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
