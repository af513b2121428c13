/** The page's side of the lab's worker. Leaving ends the worker, and with it all work. */

import { published } from "../core/published.mjs";
import { runtimeFiles } from "../core/runtime.mjs";
import { scriptUrl } from "../core/trusted.mjs";
import { Client } from "./client.mjs";
import { CheckedWorker, checkProgram } from "./program.mjs";

/** @typedef {typeof import("../worker/lab/tasks.mjs").TASKS & typeof import("../worker/lab/released.mjs").RELEASED & typeof import("../worker/lab/game.mjs").GAME} Tasks */
/** @typedef {{signal?: AbortSignal, onProgress?: (progress: any) => void}} Options */

function startWorker() {
  const url = new URL("../worker/lab-worker.mjs", import.meta.url);
  return new CheckedWorker(
    () => new Worker(scriptUrl(url), { type: "module", name: "backdoor-lab" }),
    checkProgram(true),
  );
}

export class Lab {
  /** A card of the page's own; null for that of the widgets. @type {import("./lab-released.mjs").Own | null} */
  own = null;
  /** Told that the worker has died, and all networks with it. @type {(error: unknown) => void} */
  onLost = () => {};
  #client;

  /** @param {() => import("./program.mjs").AnyWorker} [start] a worker */
  constructor(start = startWorker) {
    this.#client = new Client(start, (error) => this.onLost(error));
  }

  /** Bytes of the runtime, beside which the lab's files are small. @throws {import("../core/messages.mjs").WidgetError} */
  get bytes() {
    return runtimeFiles("wasm", published).code.bytes;
  }

  /**
   * Fetch the lab's files, unless they are here.
   *
   * @param {Options} [options]
   * @throws {import("../core/messages.mjs").WidgetError}
   */
  open(options) {
    const card = this.own ?? published("lab/lab.json", "the lab’s card");
    return this.ask("open", { card, runtime: runtimeFiles("wasm", published) }, options);
  }

  /**
   * Deal a round of the game; the lab is open.
   *
   * @param {number} seed
   * @param {Options} [options]
   * @throws {import("../core/messages.mjs").WidgetError}
   */
  deal(seed, options) {
    return this.ask("deal", { card: published("lab/game.json", "the game’s card"), seed }, options);
  }

  /**
   * @template {keyof Tasks} Type
   * @param {Type} type
   * @param {Parameters<Tasks[Type]>[0]} request
   * @param {Options} [options] aborting rejects with `cancelled` at once; the worker stops after its step
   * @returns {Promise<Awaited<ReturnType<Tasks[Type]>>["result"]>}
   * @throws {import("../core/messages.mjs").WidgetError}
   */
  ask(type, request, options) {
    return /** @type {any} */ (this.#client).ask(type, request, options);
  }

  /** End all work. What was trained is gone. */
  leave() {
    this.#client.restart();
  }
}
