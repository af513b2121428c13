/** onnxruntime-web: fetched once, when first needed, from the site itself, for one backend. */

import { DEFAULT } from "../core/backend.mjs";
import { checkFile, fetchVerified } from "../core/fetch.mjs";
import { joined } from "../core/inside.mjs";
import { textOf, WidgetError } from "../core/messages.mjs";
import { BUILDS, FOLDER, runtimeFile } from "../core/runtime.mjs";
import { provide } from "./glue.mjs";

/** @typedef {typeof import("onnxruntime-web")} Ort */
/** @typedef {(loaded: number, cached: boolean) => void} OnProgress */
/** @typedef {import("../core/backend.mjs").Backend} Backend */
/** @typedef {import("../core/runtime.mjs").RuntimeFiles} RuntimeFiles */
/**
 * @typedef {object} Known what the page knows of the runtime; what it says first holds while the worker lives
 * @property {Backend} [backend] the default otherwise
 * @property {RuntimeFiles} files their sizes and hashes
 * @property {ReadableStream<Uint8Array> | null} [arriving] its content, if the page has asked for it already
 */

/** A module with one function that uses a 128-bit constant: valid only where SIMD is known. */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
);

/** Whoever waits for the runtime. @type {Set<OnProgress>} */
const listeners = new Set();
/** @type {Promise<Ort> | null} */
let loading = null;

/**
 * The runtime, which is there.
 *
 * @returns {Promise<Ort>}
 */
export function loadedRuntime() {
  return (
    loading ??
    Promise.reject(new WidgetError("internal", { found: "a network was asked before the runtime was there" }))
  );
}

/**
 * @throws {WidgetError} no-wasm
 */
export function requireWebAssembly() {
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(SIMD_PROBE)) throw new WidgetError("no-wasm");
}

/**
 * @param {AbortSignal} signal
 * @param {OnProgress} onProgress
 * @param {Known} known
 * @returns {Promise<Ort>}
 * @throws {WidgetError} what fetching throws, and `runtime`
 */
export async function loadRuntime(signal, onProgress, known) {
  listeners.add(onProgress);
  loading ??= start(signal, known);
  const mine = loading;
  try {
    return await mine;
  } catch (error) {
    if (loading === mine) loading = null; // So that a retry starts over, unless another caller has already started one.
    const byAnother = error instanceof WidgetError && error.code === "cancelled" && !signal.aborted;
    if (byAnother) return await loadRuntime(signal, onProgress, { ...known, arriving: null });
    throw error;
  } finally {
    listeners.delete(onProgress);
  }
}

/**
 * @param {AbortSignal} signal
 * @param {Known} known
 */
async function start(signal, known) {
  /** @type {OnProgress} */
  const onProgress = (loaded, cached) => {
    for (const listener of listeners) listener(loaded, cached);
  };
  const { backend = DEFAULT, files, arriving } = known;
  const { runtime, threads } = backend;
  const code = runtimeFile(runtime, "code", files);
  const [module, ort] = await Promise.all([
    compile(code, { signal, onProgress, arriving }),
    importOrt(runtime, files, signal),
  ]);
  provide({ module, runtime });
  provider = runtime;
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { mjs: new URL("glue.mjs", import.meta.url).href, wasm: code.url };
  ort.env.logLevel = "error";
  return ort;
}

/**
 * Compile the machine code while it arrives. It runs only once its hash is right.
 *
 * @param {import("../core/fetch.mjs").FileSpec} file
 * @param {import("../core/fetch.mjs").FetchOptions} options
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(file, options) {
  /** @type {Promise<WebAssembly.Module>} */
  let early = Promise.reject(new Error("nothing has arrived"));
  early.catch(() => {});
  const onResponse = (/** @type {Response} */ response) => {
    early = WebAssembly.compileStreaming(response);
    early.catch(() => {});
  };
  const bytes = await fetchVerified(file, { ...options, onResponse });
  try {
    return await early;
  } catch {
    // Some servers call it another type, and some browsers insist on the right one.
    return WebAssembly.compile(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  }
}

/**
 * The runtime's modules, once they are what was published: browsers check no hash of what a worker imports.
 *
 * @param {Backend["runtime"]} runtime
 * @param {RuntimeFiles} files
 * @param {AbortSignal} signal
 * @returns {Promise<Ort>}
 */
async function importOrt(runtime, files, signal) {
  const parts = /** @type {const} */ (["api", "glue"]);
  await Promise.all(parts.map((part) => checkFile(runtimeFile(runtime, part, files), signal)));
  try {
    return await import(new URL(BUILDS[runtime].api, FOLDER).href);
  } catch (error) {
    const offline = globalThis.navigator?.onLine === false;
    const what = "the neural-network runtime";
    throw offline
      ? new WidgetError("offline", { what })
      : new WidgetError("runtime", { what: textOf(error) }, { cause: error });
  }
}

/** What runs the sessions, by onnxruntime's name. @type {Backend["runtime"]} */
let provider = DEFAULT.runtime;

/**
 * A session for one network. Start one after the other: onnxruntime mounts their weights in one place.
 *
 * @param {typeof import("onnxruntime-web")} ort
 * @param {import("../core/card.mjs").OpenedFile} file
 * @param {Uint8Array[]} contents of its parts
 */
export function startSession(ort, file, [model, ...others]) {
  const externalData = file.shared ? [{ path: file.shared.name, data: others[0] }] : [];
  const whole = file.inside ? joined(model, others[others.length - 1]) : model;
  return ort.InferenceSession.create(whole, { executionProviders: [provider], externalData });
}
