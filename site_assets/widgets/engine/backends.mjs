/**
 * Which backend the page's networks run on: the reader's choice, kept from visit to visit, and the default where that does
 * not work.
 */

import { DEFAULT, decodeBackend, encodeBackend, WEBGPU } from "../core/backend.mjs";
import { WidgetError } from "../core/messages.mjs";

/** @typedef {import("../core/backend.mjs").Backend} Backend */
/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} Store */
/**
 * @typedef {object} Browser what the choice depends on
 * @property {Store | null} storage null where the browser refuses it
 * @property {boolean} isolated whether the page may use threads
 * @property {number} cores
 * @property {() => boolean} canIsolate whether a service worker of this site can isolate the next page
 * @property {(on: boolean) => Promise<boolean>} isolate tells that worker; false if it does not answer
 * @property {() => Promise<boolean>} hasAdapter whether there is a GPU for WebGPU
 * @property {() => void} reload
 */

const KEY = "onnx-widgets-backend";
const MOST_OFFERED = 4;
/** Say nothing about the backend. */
const OTHER = new Set(["cancelled", "superseded", "interrupted", "not-an-image", "undecodable", "ambiguous", "huge"]);

/** Event: `change`. */
export class Backends extends EventTarget {
  /** @type {Backend} */
  chosen;
  /** The last choice that did not work. @type {{backend: Backend, error: unknown} | null} */
  failure = null;
  #browser;
  #adapter = false;
  /** @type {Promise<void> | null} */
  #looking = null;

  /** @param {Browser} browser */
  constructor(browser) {
    super();
    this.#browser = browser;
    this.chosen = decodeBackend(browser.storage?.getItem(KEY) ?? null) ?? DEFAULT;
    if (this.chosen.threads > 1 && !browser.isolated) this.#giveUp(new WidgetError("not-isolated"));
  }

  /** What the reader can choose from. */
  get options() {
    const { isolated, cores, canIsolate } = this.#browser;
    const options = [DEFAULT];
    if (cores > 1 && (isolated || canIsolate()))
      options.push({ runtime: "wasm", threads: Math.min(cores, MOST_OFFERED) });
    if (this.#adapter) options.push(WEBGPU);
    if (!options.some((each) => same(each, this.chosen))) options.push(this.chosen);
    return options;
  }

  /** Look for a GPU, which may take a moment; once, however many widgets ask. */
  look() {
    this.#looking ??= this.#browser.hasAdapter().then(
      (found) => {
        this.#adapter = found;
      },
      () => {}, // No GPU process: no adapter.
    );
    return this.#looking;
  }

  /** @param {Backend} backend */
  async choose(backend) {
    const { isolated, isolate, reload } = this.#browser;
    this.failure = null;
    this.#keep(backend);
    const threads = backend.threads > 1;
    if (threads !== isolated && (threads || this.#browser.canIsolate())) {
      const done = await isolate(threads);
      if (threads && done) {
        reload();
        return;
      }
      if (threads) this.#giveUp(new WidgetError("not-isolated"));
    }
    this.#changed();
  }

  /**
   * Go back to the default if an error may be the chosen backend's.
   *
   * @param {unknown} error
   * @returns {boolean} whether all networks are opened again on the default
   */
  fallBack(error) {
    if (same(this.chosen, DEFAULT) || (error instanceof WidgetError && OTHER.has(error.code))) return false;
    this.#giveUp(error);
    this.#changed();
    return true;
  }

  /** @param {unknown} error */
  #giveUp(error) {
    this.failure = { backend: this.chosen, error };
    this.#keep(DEFAULT);
  }

  /** @param {Backend} backend */
  #keep(backend) {
    this.chosen = backend;
    try {
      if (same(backend, DEFAULT)) this.#browser.storage?.removeItem(KEY);
      else this.#browser.storage?.setItem(KEY, encodeBackend(backend));
    } catch {
      /* It is full: the choice holds for this page. */
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {Backend} one @param {Backend} other */
function same(one, other) {
  return encodeBackend(one) === encodeBackend(other);
}

/** Of a service worker that does not know the message. */
const PATIENCE_MS = 3000;

/** @returns {Browser} */
function thisBrowser() {
  const worker = () => globalThis.navigator?.serviceWorker?.controller ?? null;
  return {
    storage: storage(),
    isolated: globalThis.crossOriginIsolated === true,
    cores: globalThis.navigator?.hardwareConcurrency ?? 1,
    canIsolate: () => worker()?.scriptURL.endsWith("/service-worker.js") === true,
    isolate: (on) =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(true);
        setTimeout(() => resolve(false), PATIENCE_MS);
        worker()?.postMessage({ type: "isolate", on }, [port2]);
      }),
    hasAdapter: async () => Boolean(await /** @type {any} */ (globalThis.navigator)?.gpu?.requestAdapter()),
    reload: () => globalThis.location.reload(),
  };
}

/** @returns {Storage | null} */
function storage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** @type {Backends | null} */
let shared = null;

/** The page's one choice. */
export function sharedBackends() {
  shared ??= new Backends(thisBrowser());
  return shared;
}
