/**
 * `<backdoor-game id="game">`: four networks that were trained in advance, at most one of them backdoored; tests that cost; a
 * guess, and the truth. The round is in the address.
 */

import { toWidgetError, words } from "../../core/messages.mjs";
import { Lab } from "../../engine/lab.mjs";
import { NAMES, Purse, readSeed, SEEDS, writeSeed } from "../../lab/game.mjs";
import { Announcer } from "../../parts/announcer.mjs";
import { button, define, h } from "../../parts/dom.mjs";
import { LoadProgress } from "../../parts/load-progress.mjs";
import { readyTrigger } from "../../triggers/registry.mjs";
import { TESTS } from "./tests.mjs";
import { truth, verdict } from "./truth.mjs";
import { buildBoard, RULES } from "./view.mjs";

/** @typedef {import("./tests.mjs").Name} Name */
/** @typedef {import("./view.mjs").Running} Running */
/** @typedef {Pick<import("../../worker/lab/bench.mjs").Bench, "card" | "data">} Material */

export class BackdoorGame extends HTMLElement {
  #lab = new Lab();
  #announcer = new Announcer();
  #loading = new LoadProgress();
  /** @type {AbortController | null} */
  #listening = null;
  /** Of the files, or of the test that runs. */
  #work = new AbortController();
  /** @type {Material | null} */
  #material = null;
  /** @type {ReturnType<typeof buildBoard> | null} */
  #board = null;
  #seed = 0;
  #purse = new Purse();
  /** @type {Running | null} */
  #running = null;
  #over = false;
  #total = { points: 0, rounds: 0 };

  connectedCallback() {
    this.#lab.onLost = (error) => {
      const { title, advice } = words(error);
      this.#leave();
      this.#offer(`${title} ${advice}`);
    };
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#loading.addEventListener("load", () => this.#begin(), { signal });
    this.#loading.addEventListener("cancelload", () => this.#leave(), { signal });
    window.addEventListener("pagehide", () => this.#leave(), { signal });
    this.#offer();
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#leave();
  }

  /** Before the first round, and after the page was left: nothing is fetched until the reader asks. @param {string} [problem] */
  #offer(problem = "") {
    const start = button("Deal four networks", () => this.#begin());
    start.classList.add("bl-main");
    const failed = problem ? h("p", { class: "bl-problem", role: "alert" }, problem) : null;
    this.replaceChildren(h("div", { class: "bl" }, failed, h("p", {}, RULES), start), this.#announcer.element);
  }

  /** End all work; what has been dealt is gone. */
  #leave() {
    this.#work.abort();
    this.#lab.leave();
    this.#board = null;
    if (this.isConnected) this.#offer();
  }

  /** Fetch what the game needs, and deal the round of the address, or a new one. */
  async #begin() {
    this.#work = new AbortController();
    const { signal } = this.#work;
    const options = { signal, onProgress: (/** @type {any} */ now) => this.#loading.progress(now) };
    this.replaceChildren(this.#loading, this.#announcer.element);
    this.#loading.progress(null);
    try {
      this.#material = await this.#lab.open(options);
      await this.#deal(readSeed(location.search, this.id) ?? newSeed(), options);
    } catch (error) {
      if (!signal.aborted) this.#loading.fail(error);
      return;
    }
    this.#loading.done();
    this.#board = buildBoard(this.#material.card, {
      test: (test, which) => this.#test(test, which),
      show: (image) => this.#showAll(image),
      guess: (guess) => this.#guess(guess),
      again: () => this.#again(),
    });
    this.replaceChildren(this.#board.element, this.#announcer.element);
    this.#show();
    if (document.activeElement === document.body) this.#board.focus();
    this.#announcer.now("Four networks are dealt.");
  }

  /** @param {number} seed @param {import("../../engine/lab.mjs").Options} [options] */
  async #deal(seed, options) {
    await this.#lab.deal(seed, options);
    this.#seed = seed;
    this.#purse = new Purse();
    this.#over = false;
    const query = writeSeed(location.search, this.id, seed);
    history.replaceState(history.state, "", `${location.pathname}${query}${location.hash}`);
  }

  async #again() {
    if (this.#running) return;
    await this.#alone({ test: "deal", which: null }, async () => {
      await this.#deal(newSeed());
      this.#board?.clear();
      this.#announcer.now("Four other networks are dealt.");
    });
  }

  /** Run a test of one network, or stop the one that runs: it is paid for. @param {Name} test @param {number} which */
  async #test(test, which) {
    if (this.#running) {
      this.#work.abort();
      return;
    }
    const suspect = this.#board?.suspects[which];
    const { card } = /** @type {Material} */ (this.#material);
    if (!suspect) return;
    const { verb, run } = TESTS[test];
    await this.#spend({ test, which }, async (signal) => {
      const on = { lab: this.#lab, card, which, signal, stage: suspect.stage(test) };
      const sentence = await run(on);
      suspect.say(test, sentence);
      return `${verb} of network ${NAMES[which]}: ${sentence}`;
    });
    if (this.#work.signal.aborted) suspect.say(test, "Stopped.");
  }

  /** @param {Uint8Array} image */
  async #showAll(image) {
    if (this.#running) return;
    await this.#spend({ test: "drawing", which: null }, async (signal) => {
      const said = await this.#lab.ask("showAll", { image }, { signal });
      return this.#board?.drawing.tell(image, said) ?? "";
    });
  }

  /**
   * Pay for a test and run it; one that fails is not paid for.
   *
   * @param {Running & {test: import("../../lab/game.mjs").Test}} what
   * @param {(signal: AbortSignal) => Promise<string>} work gives the sentence that is announced
   */
  async #spend(what, work) {
    const purse = this.#purse;
    purse.buy(what.test, what.which);
    this.#work = new AbortController();
    const { signal } = this.#work;
    await this.#alone(what, async () => {
      try {
        this.#announcer.now(`${await work(signal)} ${purse.left} left to spend.`);
      } catch (error) {
        if (!signal.aborted) purse.refund(what.test, what.which);
        throw error;
      }
    });
  }

  /** Do what nothing else may happen beside. @param {Running} what @param {() => Promise<void>} work */
  async #alone(what, work) {
    this.#running = what;
    this.#board?.fail("");
    this.#show();
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = null;
      this.#show();
    }
  }

  /** @param {number | null} guess */
  async #guess(guess) {
    const material = this.#material;
    if (this.#running || this.#over || !material) return;
    await this.#alone({ test: "guess", which: null }, async () => {
      const { guilty, networks } = await this.#lab.ask("reveal", undefined);
      await Promise.all(networks.map(({ attack }) => readyTrigger(attack?.trigger)));
      const outcome = this.#purse.settle(guess, guilty);
      this.#over = true;
      this.#total = { points: this.#total.points + outcome.points, rounds: this.#total.rounds + 1 };
      this.#board?.end(verdict(guilty, outcome), truth(material.card, material.data.test, networks));
    });
  }

  /** @param {unknown} error */
  #fail(error) {
    if (toWidgetError(error).code === "cancelled") return;
    const { title, advice } = words(error);
    this.#board?.fail(`${title} ${advice}`);
  }

  #show() {
    const { board, ...state } = {
      board: this.#board,
      seed: this.#seed,
      purse: this.#purse,
      running: this.#running,
      over: this.#over,
      total: this.#total,
    };
    board?.show(state);
  }
}

function newSeed() {
  return Math.floor(Math.random() * SEEDS);
}

define("backdoor-game", BackdoorGame);
