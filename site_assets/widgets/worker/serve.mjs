/** The worker's side of the conversation with `engine/client.mjs`: requests in, results, progress and failures out. */

import { toPlain, WidgetError } from "../core/messages.mjs";
import { isSpent } from "./memory.mjs";

/** @typedef {import("./meter.mjs").Progress} Progress */
/** @typedef {{result: any, transfer?: Transferable[]}} Outcome */
/**
 * @typedef {object} Around what a task is given beside its request
 * @property {AbortSignal} signal aborts when the page cancels it
 * @property {(progress: Progress) => void} onProgress
 * @property {<T>(work: (alive: () => void) => Promise<T>) => Promise<T>} compute does work that holds the thread. Such work takes
 *   turns, and the page ends the worker if it lasts too long without a call of `alive`
 */
/** @typedef {(request: any, around: Around) => Promise<Outcome>} Task one kind of request */
/** @typedef {{id: number, type: string, request?: unknown}} Message the type `cancel` ends the request with that id */
/**
 * @typedef {{id: number, type: "progress", progress: Progress}
 *   | {id: number, type: "computing"}
 *   | {id: number, type: "computed"}
 *   | {id: number, type: "done", result: unknown}
 *   | {id: number, type: "failed", error: import("../core/messages.mjs").PlainError, spent: boolean}} Reply
 *   `spent`: it has cost the worker
 */
/**
 * @typedef {object} Port what both a worker's global scope and a test's fake offer
 * @property {(type: "message", listener: (event: any) => void) => void} addEventListener
 * @property {(reply: Reply, transfer: Transferable[]) => void} postMessage
 */

/**
 * @param {Port} port
 * @param {Readonly<Record<string, Task>>} tasks by the type of the request
 */
export function serve(port, tasks) {
  /** @type {Map<number, AbortController>} */
  const running = new Map();
  /** The end of the last computation. @type {Promise<unknown>} */
  let turn = Promise.resolve();

  /** @param {Message} message @param {AbortSignal} signal */
  async function perform({ id, type, request }, signal) {
    if (!Object.hasOwn(tasks, type)) throw new WidgetError("internal", { found: `the worker knows no task “${type}”` });
    return tasks[type](request, {
      signal,
      onProgress: (progress) => port.postMessage({ id, type: "progress", progress }, []),
      compute: (work) => {
        const mine = turn.then(() => computation(id, signal, work));
        turn = mine.catch(() => {});
        return mine;
      },
    });
  }

  /**
   * @template T
   * @param {number} id
   * @param {AbortSignal} signal
   * @param {(alive: () => void) => Promise<T>} work
   */
  async function computation(id, signal, work) {
    if (signal.aborted) throw new WidgetError("cancelled");
    const alive = () => port.postMessage({ id, type: "computing" }, []);
    alive();
    try {
      return await work(alive);
    } finally {
      port.postMessage({ id, type: "computed" }, []);
    }
  }

  port.addEventListener("message", async (/** @type {{data: Message}} */ { data: message }) => {
    const { id } = message;
    if (message.type === "cancel") {
      running.get(id)?.abort();
      return;
    }
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const { result, transfer = [] } = await perform(message, controller.signal);
      port.postMessage({ id, type: "done", result }, transfer);
    } catch (error) {
      port.postMessage({ id, type: "failed", error: toPlain(error), spent: isBroken(error) }, []);
    } finally {
      running.delete(id);
    }
  });
}

/**
 * Whether a failure leaves a worker of no more use: its memory is full, or the runtime crashed.
 *
 * @param {unknown} error
 */
function isBroken(error) {
  const cause = error instanceof WidgetError ? error.cause : error;
  const crashed = cause instanceof Error && cause.name === "RuntimeError"; // WebAssembly's.
  return crashed || typeof cause === "number" || isSpent(); // A number is an exception in C++.
}
