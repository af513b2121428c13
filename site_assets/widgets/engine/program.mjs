/**
 * The page's worker. Browsers check no hash of a worker's modules, so the page does: it fetches them once more, from the
 * browser's cache as a rule, and nothing is asked of the worker before all of them are what was published.
 */

import { checkFile } from "../core/fetch.mjs";
import { publishedBelow } from "../core/published.mjs";

/** What only the lab's worker runs. */
const LAB = /\/widgets\/(?:lab\/|worker\/lab)[^?]*$/;

/** @typedef {Pick<Worker, "postMessage" | "terminate" | "addEventListener">} AnyWorker what a client needs of one */

/** @returns {AnyWorker} */
export function startWorker() {
  const url = new URL("../worker/worker.mjs", import.meta.url);
  return new CheckedWorker(new Worker(url, { type: "module", name: "onnx-widgets" }), checkProgram(false));
}

/**
 * @param {boolean} withLab whether the modules of the lab's worker are checked as well
 * @throws {import("../core/messages.mjs").WidgetError} what `checkFile` throws
 */
export async function checkProgram(withLab) {
  const all = publishedBelow("widgets/", new URL("../../", import.meta.url));
  const files = all.filter(({ url }) => withLab || !LAB.test(url));
  await Promise.all(files.map((file) => checkFile({ ...file, what: "the page’s program" })));
}

/** Events: those of the worker; and `error` with the reason, if the check fails. */
export class CheckedWorker extends EventTarget {
  #worker;
  #checked;
  #terminated = false;

  /**
   * @param {AnyWorker} worker
   * @param {Promise<void>} checked
   */
  constructor(worker, checked) {
    super();
    this.#worker = worker;
    this.#checked = checked;
    worker.addEventListener("message", (event) => this.#pass(event, "message"));
    worker.addEventListener("error", (event) => this.#pass(event, "error"));
    checked.catch((error) => this.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), { error })));
  }

  /** @param {any} message @param {any} [transfer] */
  postMessage(message, transfer = []) {
    this.#checked.then(
      () => this.#terminated || this.#worker.postMessage(message, transfer),
      () => {}, // It is told by an event.
    );
  }

  terminate() {
    this.#terminated = true;
    this.#worker.terminate();
  }

  /** @param {Event} event @param {"message" | "error"} type */
  #pass(event, type) {
    event.preventDefault();
    const { data } = /** @type {MessageEvent} */ (event);
    this.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), { data }));
  }
}
