/**
 * The page's workers. Browsers check no hash of a worker's modules, so the page does: it fetches them, and starts the worker,
 * which gets them from the browser's cache as a rule, when all of them are what was published.
 */

import { checkFile } from "../core/fetch.mjs";
import { publishedFiles } from "../core/published.mjs";
import { scriptUrl } from "../core/trusted.mjs";

/** Modules of all workers, and what only the lab's runs. */
const MODULES = /^widgets\//;
const LAB = /^widgets\/(?:lab\/|worker\/lab)/;

/** @typedef {Pick<Worker, "postMessage" | "terminate" | "addEventListener">} AnyWorker what a client needs of one */

/** @returns {AnyWorker} */
export function startWorker() {
  const url = new URL("../worker/worker.mjs", import.meta.url);
  return new CheckedWorker(
    () => new Worker(scriptUrl(url), { type: "module", name: "onnx-widgets" }),
    checkProgram(false),
  );
}

/**
 * @param {boolean} withLab whether the modules of the lab's worker are checked as well
 * @throws {import("../core/messages.mjs").WidgetError} what `checkFile` throws
 */
export async function checkProgram(withLab) {
  const isWanted = (/** @type {string} */ address) => MODULES.test(address) && (withLab || !LAB.test(address));
  const files = publishedFiles(isWanted, new URL("../../", import.meta.url));
  await Promise.all(files.map((file) => checkFile({ ...file, what: "the page’s program" })));
}

/** A worker that starts once it is checked. Events: its own; and `error` with the reason, if the check fails. */
export class CheckedWorker extends EventTarget {
  /** @type {Promise<AnyWorker | null>} */
  #started;
  #terminated = false;

  /**
   * @param {() => AnyWorker} start
   * @param {Promise<void>} checked
   */
  constructor(start, checked) {
    super();
    this.#started = checked.then(() => (this.#terminated ? null : this.#start(start)));
    this.#started.catch((error) =>
      this.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), { error })),
    );
  }

  /** @param {() => AnyWorker} start */
  #start(start) {
    const worker = start();
    worker.addEventListener("message", (event) => this.#pass(event, "message"));
    worker.addEventListener("error", (event) => this.#pass(event, "error"));
    return worker;
  }

  /** @param {any} message @param {any} [transfer] */
  postMessage(message, transfer = []) {
    this.#whenStarted((worker) => worker.postMessage(message, transfer));
  }

  terminate() {
    this.#terminated = true;
    this.#whenStarted((worker) => worker.terminate());
  }

  /** @param {(worker: AnyWorker) => void} act not done if the check fails, which an event tells */
  #whenStarted(act) {
    this.#started.then(
      (worker) => worker && act(worker),
      () => {},
    );
  }

  /** @param {Event} event @param {"message" | "error"} type */
  #pass(event, type) {
    event.preventDefault();
    const { data } = /** @type {MessageEvent} */ (event);
    this.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), { data }));
  }
}
