/** Task `open`: fetch networks and start their sessions. Those that are open cost nothing. */

import { openModels } from "../sessions.mjs";

/** @typedef {import("../sessions.mjs").Progress} Progress */

/**
 * @param {{models: import("../sessions.mjs").ModelSpec[], runtime?: import("../ort.mjs").Known}} request
 * @param {AbortSignal} signal
 * @param {(progress: Progress) => void} onProgress
 */
export async function open({ models, runtime }, signal, onProgress) {
  return { result: await openModels(models, signal, onProgress, runtime) };
}
