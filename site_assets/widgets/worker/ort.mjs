/** onnxruntime-web: fetched once, when first needed, from the site itself. One thread, WebAssembly. */

import { fetchSmall, fetchVerified } from "../core/fetch.mjs";
import { WidgetError } from "../core/messages.mjs";

/** @typedef {typeof import("onnxruntime-web")} Ort */
/** @typedef {(loaded: number, cached: boolean) => void} OnProgress */
/** @typedef {{version: string, files: Record<string, {bytes: number, sha256: string}>}} Manifest */

const FOLDER = new URL("../../ort/", import.meta.url);
const WASM = "ort-wasm-simd-threaded.wasm";

/** What the answers are computed by, as the page names it. */
export const BACKEND = "WebAssembly, one thread";

/** A module with one function that uses a 128-bit constant: valid only where SIMD is known. */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
);

/** Whoever waits for the runtime. @type {Set<OnProgress>} */
const listeners = new Set();
/** @type {Promise<Ort> | null} */
let loading = null;
/** @type {Promise<Manifest> | null} */
let manifest = null;

/**
 * @throws {WidgetError} no-wasm
 */
export function requireWebAssembly() {
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(SIMD_PROBE)) throw new WidgetError("no-wasm");
}

/**
 * Sizes and hashes of the runtime's files, written when the site was built.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<{bytes: number, sha256: string}>} of the WebAssembly file
 */
export async function runtimeFile(signal) {
  manifest ??= fetchSmall(
    { url: new URL("runtime.json", FOLDER).href, what: "the runtime’s list of files" },
    { signal },
  ).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)));
  try {
    return (await manifest).files[WASM];
  } catch (error) {
    manifest = null;
    throw error;
  }
}

/**
 * @param {AbortSignal} signal
 * @param {OnProgress} onProgress
 * @returns {Promise<Ort>}
 * @throws {WidgetError} what fetching throws, and `runtime`
 */
export async function loadRuntime(signal, onProgress) {
  listeners.add(onProgress);
  loading ??= start(signal);
  const mine = loading;
  try {
    return await mine;
  } catch (error) {
    if (loading === mine) loading = null; // So that a retry starts over, unless another caller has already started one.
    const byAnother = error instanceof WidgetError && error.code === "cancelled" && !signal.aborted;
    if (byAnother) return await loadRuntime(signal, onProgress);
    throw error;
  } finally {
    listeners.delete(onProgress);
  }
}

/** @param {AbortSignal} signal */
async function start(signal) {
  /** @type {OnProgress} */
  const onProgress = (loaded, cached) => {
    for (const listener of listeners) listener(loaded, cached);
  };
  const file = await runtimeFile(signal);
  const wasm = { url: new URL(WASM, FOLDER).href, what: "the neural-network runtime", ...file };
  const [binary, ort] = await Promise.all([fetchVerified(wasm, { signal, onProgress }), importOrt()]);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = /** @type {ArrayBuffer} */ (binary.buffer);
  ort.env.logLevel = "error";
  return ort;
}

/** @returns {Promise<Ort>} */
async function importOrt() {
  try {
    return await import(new URL("ort.wasm.min.mjs", FOLDER).href);
  } catch (error) {
    const offline = globalThis.navigator?.onLine === false;
    const found = error instanceof Error ? error.message : String(error);
    const what = "the neural-network runtime";
    throw offline
      ? new WidgetError("offline", { what })
      : new WidgetError("runtime", { what: found }, { cause: error });
  }
}

/** Sessions start one after the other: onnxruntime mounts their weights in one place. @type {Promise<unknown>} */
let started = Promise.resolve();

/**
 * A session for one network.
 *
 * @param {typeof import("onnxruntime-web")} ort
 * @param {import("../core/card.mjs").ModelFile} file
 * @param {Uint8Array[]} contents the file's, and those of the shared weights
 */
export function startSession(ort, file, [model, shared]) {
  const externalData = file.shared ? [{ path: file.shared.name, data: shared }] : [];
  const session = started.then(() =>
    ort.InferenceSession.create(model, { executionProviders: ["wasm"], externalData }),
  );
  started = session.catch(() => {});
  return session;
}
