/** Where onnxruntime-web's files are: beside the widgets, with a list of their sizes and hashes. */

import { fetchSmall } from "./fetch.mjs";

/** @typedef {{bytes: number, sha256: string}} RuntimeFile */
/** @typedef {{version: string, files: Record<string, RuntimeFile>}} Manifest */

export const FOLDER = new URL("../../ort/", import.meta.url);
export const WASM = "ort-wasm-simd-threaded.wasm";

/** @type {Promise<Manifest> | null} */
let manifest = null;

/**
 * Size and hash of the WebAssembly file, as they were when the site was built. All who ask share one small download, so
 * none of them can cancel it.
 *
 * @returns {Promise<RuntimeFile>}
 */
export async function runtimeFile() {
  manifest ??= fetchSmall({
    url: new URL("runtime.json", FOLDER).href,
    what: "the runtime’s list of files",
  }).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)));
  try {
    return (await manifest).files[WASM];
  } catch (error) {
    manifest = null;
    throw error;
  }
}
