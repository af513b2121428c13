/** Task `open`: fetch networks and start their sessions. Those that are open cost nothing. */

import { openModels } from "../sessions.mjs";

/** @typedef {import("../../core/runtime.mjs").RuntimeFile} RuntimeFile */
/** @typedef {import("../sessions.mjs").Progress} Progress */

/**
 * @param {{models: import("../sessions.mjs").ModelSpec[], runtime?: RuntimeFile, arriving?: ReadableStream<Uint8Array> | null}} request
 * @param {AbortSignal} signal
 * @param {(progress: Progress) => void} onProgress
 */
export async function open({ models, runtime, arriving }, signal, onProgress) {
  return { result: await openModels(models, signal, onProgress, { file: runtime, arriving }) };
}
