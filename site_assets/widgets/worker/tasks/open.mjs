/** Task `open`: fetch networks and start their sessions. Those that are open cost nothing. */

import { openModels } from "../sessions.mjs";

/**
 * @param {{models: import("../networks.mjs").ModelSpec[], runtime: import("../ort.mjs").Known}} request
 * @param {import("../serve.mjs").Around} around
 */
export async function open({ models, runtime }, around) {
  return { result: await openModels(models, around, runtime) };
}
