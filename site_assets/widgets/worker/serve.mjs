/** The worker's side of the conversation with `engine/client.mjs`: requests in, results, progress and failures out. */

import { toPlain, WidgetError } from "../core/messages.mjs";

/** @typedef {import("./sessions.mjs").Progress} Progress */
/** @typedef {{result: any, transfer?: Transferable[]}} Outcome */
/**
 * @typedef {(request: any, signal: AbortSignal, onProgress: (progress: Progress) => void) => Promise<Outcome>} Task
 *   one kind of request; `signal` aborts when the page cancels it
 */
/** @typedef {{id: number, type: string, request?: unknown}} Message the type `cancel` ends the request with that id */
/**
 * @typedef {{id: number, type: "progress", progress: Progress}
 *   | {id: number, type: "done", result: unknown}
 *   | {id: number, type: "failed", error: import("../core/messages.mjs").PlainError}} Reply
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

  /** @param {Message} message @param {AbortSignal} signal */
  async function perform({ id, type, request }, signal) {
    if (!Object.hasOwn(tasks, type)) throw new WidgetError("internal", { found: `the worker knows no task “${type}”` });
    return tasks[type](request, signal, (progress) => port.postMessage({ id, type: "progress", progress }, []));
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
      port.postMessage({ id, type: "failed", error: toPlain(error) }, []);
    } finally {
      running.delete(id);
    }
  });
}
