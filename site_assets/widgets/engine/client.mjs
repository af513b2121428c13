/**
 * The page's side of the worker: promises instead of messages. All widgets of a page share one worker, so one whose
 * network never ends or takes all memory loses the worker, and the others continue in the next.
 */

import { fromPlain, WidgetError } from "../core/messages.mjs";
import { Watchdog } from "../core/watchdog.mjs";
import { sharedBackends } from "./backends.mjs";
import { startWorker } from "./program.mjs";

/** @typedef {typeof import("../worker/worker.mjs").TASKS} Tasks */
/** @typedef {import("../worker/meter.mjs").Progress} Progress */
/** @typedef {{onProgress?: (progress: Progress) => void, signal?: AbortSignal, transfer?: Transferable[]}} Options */
/** @typedef {{resolve: (result: any) => void, reject: (error: unknown) => void, onProgress?: (progress: Progress) => void}} Waiting */

/** Of one network's computation: many times what the largest released one needs on a slow phone. */
export const PATIENCE_S = 20;

export class Client {
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** @type {import("./program.mjs").AnyWorker | null} */
  #worker = null;
  #startWorker;
  #onLost;
  #lastId = 0;
  /** The request that the worker computes. @type {number | null} */
  #computing = null;
  #watchdog = new Watchdog(PATIENCE_S, () => this.#overdue());
  /** Counts the workers: networks that were open in one that died are not open in the next. */
  generation = 0;

  /**
   * @param {() => import("./program.mjs").AnyWorker} [start] a worker
   * @param {(error: unknown) => void} [onLost] told why a worker has died
   */
  constructor(start = startWorker, onLost = () => {}) {
    this.#startWorker = start;
    this.#onLost = onLost;
  }

  /**
   * Ask the worker for one of its tasks.
   *
   * @template {keyof Tasks} Type
   * @param {Type} type
   * @param {Parameters<Tasks[Type]>[0]} request
   * @param {Options} [options] aborting the signal rejects with `cancelled` at once, whatever the worker is doing
   * @returns {Promise<Awaited<ReturnType<Tasks[Type]>>["result"]>}
   * @throws {WidgetError} the task's own failure, `endless` if it computes for too long, `crashed` when the worker dies,
   *   and `interrupted` when another request has cost the worker
   */
  ask(type, request, { onProgress, signal, transfer = [] } = {}) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new WidgetError("cancelled"));
        return;
      }
      const worker = this.#running();
      const cancel = () => {
        this.#waiting.delete(id);
        worker.postMessage({ id, type: "cancel" });
        reject(new WidgetError("cancelled"));
      };
      const settle = (/** @type {(value: any) => void} */ how) => (/** @type {any} */ value) => {
        signal?.removeEventListener("abort", cancel);
        how(value);
      };
      signal?.addEventListener("abort", cancel, { once: true });
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject), onProgress });
      worker.postMessage({ id, type, request }, transfer);
    });
  }

  /** Start the worker, so that it is there when it is asked. */
  start() {
    this.#running();
  }

  #running() {
    if (this.#worker) return this.#worker;
    const worker = this.#startWorker();
    worker.addEventListener("message", (event) => {
      if (this.#worker === worker) this.#receive(/** @type {MessageEvent} */ (event).data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (this.#worker === worker) this.#crash(/** @type {ErrorEvent} */ (event).error);
    });
    this.#worker = worker;
    return worker;
  }

  /** @param {import("../worker/serve.mjs").Reply} reply */
  #receive(reply) {
    if (reply.type === "computing" || reply.type === "computed") {
      this.#watch(reply.type === "computing" ? reply.id : null);
      return;
    }
    if (reply.type === "failed" && reply.spent) {
      this.#fail(reply.id, fromPlain(reply.error));
      return;
    }
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

  /** @param {number | null} id what the worker computes now */
  #watch(id) {
    this.#computing = id;
    if (id === null) this.#watchdog.end();
    else this.#watchdog.begin();
  }

  /** What the worker computes has not ended. */
  #overdue() {
    const id = this.#computing;
    if (id !== null) this.#fail(id, new WidgetError("endless", { limit: PATIENCE_S }));
  }

  /** One request has cost the worker. @param {number} id @param {WidgetError} error its own */
  #fail(id, error) {
    this.#waiting.get(id)?.reject(error);
    this.#waiting.delete(id);
    this.#stop(new WidgetError("interrupted"));
    this.#onLost(error);
  }

  /** Stop the worker, so that the next request starts another. Whoever waits is `superseded`. */
  restart() {
    this.#stop(new WidgetError("superseded"));
  }

  /** The worker did not load, or died. @param {unknown} [error] what is known of it */
  #crash(error) {
    const offline = globalThis.navigator?.onLine === false;
    const guessed = offline ? new WidgetError("offline", { what: "the page’s program" }) : new WidgetError("crashed");
    const known = error instanceof WidgetError ? error : guessed;
    this.#stop(known);
    this.#onLost(known);
  }

  /** Every waiting request fails, and the next request starts a new worker. @param {WidgetError} error */
  #stop(error) {
    this.#worker?.terminate();
    this.#worker = null;
    this.#watch(null);
    this.generation++;
    const failed = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of failed) reject(error);
  }
}

/** @type {Client | null} */
let shared = null;

/** The page's one client. */
export function sharedClient() {
  if (!shared) {
    const client = new Client();
    sharedBackends().addEventListener("change", () => client.restart());
    shared = client;
  }
  return shared;
}
