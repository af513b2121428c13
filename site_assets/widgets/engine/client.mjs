/** The page's side of the worker: promises instead of messages. All widgets of a page share one worker. */

import { fromPlain, WidgetError } from "../core/messages.mjs";

/** @typedef {import("../worker/sessions.mjs").ModelSpec} ModelSpec */
/** @typedef {import("../worker/sessions.mjs").Progress} Progress */
/** @typedef {import("../worker/inference.mjs").RunRequest} RunRequest */
/** @typedef {import("../worker/inference.mjs").RunResult} RunResult */
/** @typedef {import("../worker/images.mjs").Decoded} Decoded */
/** @typedef {{resolve: (result: any) => void, reject: (error: unknown) => void, onProgress?: (progress: Progress) => void}} Waiting */

export class Client {
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** @type {Worker | null} */
  #worker = null;
  #lastId = 0;
  /** Counts the workers: what was open in one that died is not open in the next. */
  generation = 0;

  /**
   * Fetch and open networks; those that are open already cost nothing.
   *
   * @param {ModelSpec[]} models
   * @param {{onProgress?: (progress: Progress) => void, signal?: AbortSignal}} [options]
   * @returns {Promise<void>}
   */
  open(models, { onProgress, signal } = {}) {
    return this.#ask({ type: "open", request: { models } }, { signal, onProgress });
  }

  /**
   * @param {RunRequest} request
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<RunResult>}
   */
  run(request, options) {
    return this.#ask({ type: "run", request }, options);
  }

  /**
   * Decode a file in the worker, where it is kept for `run`, and get a small picture of it to show.
   *
   * @param {import("../worker/worker.mjs").PreviewRequest} request
   * @returns {Promise<Decoded>}
   */
  preview(request) {
    return this.#ask({ type: "preview", request });
  }

  /**
   * A picture as a network will see it, without the trigger.
   *
   * @param {import("../worker/worker.mjs").LookRequest} request
   * @returns {Promise<import("../triggers/registry.mjs").Picture>}
   */
  look(request) {
    return this.#ask({ type: "look", request });
  }

  /**
   * @param {{type: string, request: unknown}} message
   * @param {{signal?: AbortSignal, onProgress?: (progress: Progress) => void}} [options]
   * @returns {Promise<any>}
   */
  #ask(message, { signal, onProgress } = {}) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new WidgetError("cancelled"));
        return;
      }
      const worker = this.#start();
      this.#waiting.set(id, { resolve, reject, onProgress });
      signal?.addEventListener("abort", () => worker.postMessage({ id, type: "cancel" }), { once: true });
      worker.postMessage({ id, ...message });
    });
  }

  #start() {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("../worker/worker.mjs", import.meta.url), {
      type: "module",
      name: "onnx-widgets",
    });
    worker.addEventListener("message", ({ data }) => this.#receive(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#crash();
    });
    this.#worker = worker;
    return worker;
  }

  /** @param {import("../worker/worker.mjs").Reply} reply */
  #receive(reply) {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    if (reply.type === "progress") {
      waiting.onProgress?.(reply.progress);
      return;
    }
    this.#waiting.delete(reply.id);
    if (reply.type === "done") waiting.resolve(reply.result);
    else waiting.reject(fromPlain(reply.error));
  }

  /** The worker did not load, or died: whoever waits is told, and the next request starts a new one. */
  #crash() {
    this.#worker?.terminate();
    this.#worker = null;
    this.generation++;
    const error = navigator.onLine
      ? new WidgetError("crashed")
      : new WidgetError("offline", { what: "the page’s program" });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** @type {Client | null} */
let shared = null;

/** The page's one client. */
export function sharedClient() {
  shared ??= new Client();
  return shared;
}
