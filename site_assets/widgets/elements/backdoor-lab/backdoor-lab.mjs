/**
 * `<backdoor-lab id="lab">`: five steps from a trigger to a defence, on networks that are trained in the tab. The state is in
 * the address.
 */

import { words } from "../../core/messages.mjs";
import { Lab } from "../../engine/lab.mjs";
import { firstSetup, problem, readSetup, recipeOf, STEPS, toToml, writeSetup } from "../../lab/setup.mjs";
import { Announcer } from "../../parts/announcer.mjs";
import { define, h, savesData, whenNear } from "../../parts/dom.mjs";
import { LoadProgress } from "../../parts/load-progress.mjs";
import { catchPanel } from "./catch-step.mjs";
import { percent } from "./charts.mjs";
import { attackPanel, dataPanel, TITLES, triggerPanel } from "./setup-steps.mjs";
import { trainingPanel } from "./training-step.mjs";
import { buildFrame } from "./view.mjs";

/** @typedef {import("../../lab/setup.mjs").Setup} Setup */
/** @typedef {import("../../lab/setup.mjs").Step} Step */
/** @typedef {import("./training-step.mjs").Histories} Histories */
/** @typedef {import("./training-step.mjs").Phase} Phase */
/** @typedef {Record<"data" | "trigger" | "attack", import("./setup-steps.mjs").Panel> & {training: ReturnType<typeof trainingPanel>, catch: ReturnType<typeof catchPanel>}} Panels */

export class BackdoorLab extends HTMLElement {
  #lab = new Lab();
  #announcer = new Announcer();
  /** @type {AbortController | null} */
  #listening = null;
  /** Of the training that runs. @type {AbortController | null} */
  #training = null;
  /** @type {import("./setup-steps.mjs").Material | null} */
  #material = null;
  /** @type {Setup} */
  #setup = /** @type {Setup} */ ({});
  /** @type {Panels | null} */
  #panels = null;
  /** @type {ReturnType<typeof buildFrame> | null} */
  #frame = null;
  /** @type {Phase} */
  #phase = "idle";
  /** @type {Histories} */
  #histories = { backdoored: [], clean: [] };
  /** Of the networks that are trained. @type {any} */
  #recipe = null;
  /** The networks of the present setup are being made, in turn. @type {Promise<unknown>} */
  #begun = Promise.resolve();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const loading = new LoadProgress();
    loading.addEventListener("load", () => this.#open(loading), { signal });
    loading.addEventListener("cancelload", () => this.#training?.abort(), { signal });
    this.querySelector("onnx-load-progress")?.remove();
    this.append(loading, this.#announcer.element);
    whenNear(this, () => (savesData() ? loading.offer(14_500_000) : this.#open(loading)), signal);
    window.addEventListener("pagehide", () => this.#leave(), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#leave();
  }

  /** End all work. */
  #leave() {
    this.#training?.abort();
    this.#lab.leave();
    if (this.#phase !== "idle") this.#forget();
  }

  /** @param {LoadProgress} loading */
  async #open(loading) {
    const cancelling = new AbortController();
    this.#training = cancelling;
    loading.progress(null);
    try {
      this.#material = await this.#lab.open({ signal: cancelling.signal, onProgress: (now) => loading.progress(now) });
    } catch (error) {
      if (this.isConnected) loading.fail(error);
      return;
    }
    loading.done();
    this.#build(this.#material);
    if (!problem(this.#setup)) this.#start();
  }

  /** @param {import("./setup-steps.mjs").Material} material */
  #build(material) {
    const base = firstSetup(material.card.recipe);
    const names = material.card.gallery.map(({ name }) => name);
    this.#setup = readSetup(location.search, this.id, base, names);
    this.#panels = this.#panelsOf(material);
    const elements = Object.fromEntries(STEPS.map((step) => [step, this.#panels?.[step].element]));
    this.#frame = buildFrame(/** @type {Record<Step, HTMLElement>} */ (elements), {
      go: (step) => this.#change({ step }, true),
      recipe: () => save("my-lab.toml", "application/toml", toToml(this.#wanted())),
      results: () => save("my-lab-results.json", "application/json", JSON.stringify(this.#results(), null, 2)),
    });
    for (const child of [...this.children])
      if (child !== this.#announcer.element && child.localName !== "onnx-load-progress") child.remove();
    this.prepend(this.#frame.element);
    this.#show();
  }

  /** @param {import("./setup-steps.mjs").Material} material */
  #panelsOf(material) {
    const change = (/** @type {Partial<Setup>} */ part) => this.#change(part);
    const actions = {
      start: () => this.#start(),
      pause: () => this.#training?.abort(),
      reset: () => this.#reset(),
      reseed: () => this.#change({ seed: (this.#setup.seed % 999) + 1 }),
      epochs: (/** @type {number} */ epochs) => this.#change({ epochs }),
    };
    return {
      data: dataPanel(material),
      trigger: triggerPanel(material, change),
      attack: attackPanel(material, change),
      training: trainingPanel(material, actions),
      catch: catchPanel(material, this.#lab, {
        recipe: () => this.#recipe,
        say: (sentence) => this.#announcer.now(sentence),
      }),
    };
  }

  /** The recipe as it is set up now. */
  #wanted() {
    const { card } = /** @type {import("./setup-steps.mjs").Material} */ (this.#material);
    return recipeOf(this.#setup, card.recipe, card.gallery);
  }

  /** @param {Partial<Setup>} part @param {boolean} [moves] whether the reader goes to another step */
  #change(part, moves = false) {
    this.#setup = { ...this.#setup, ...part };
    const base = firstSetup(this.#material?.card.recipe);
    const query = writeSetup(location.search, this.id, this.#setup, base);
    history.replaceState(history.state, "", `${location.pathname}${query}${location.hash}`);
    const stale = this.#recipe && JSON.stringify(this.#wanted()) !== JSON.stringify(this.#recipe);
    if (stale) this.#forget();
    this.#show();
    if (moves) this.#frame?.focus();
    // Whoever comes to the training, or changes it, sees it run.
    const seen = this.#setup.step === "training" || this.#setup.step === "catch";
    if (seen && this.#phase === "idle" && !problem(this.#setup)) this.#start();
  }

  #forget() {
    this.#training?.abort();
    this.#recipe = null;
    this.#phase = "idle";
    this.#histories = { backdoored: [], clean: [] };
    this.#panels?.catch.forget();
  }

  #reset() {
    this.#forget();
    this.#show();
  }

  /** Train, from the start or from where it was paused. */
  async #start() {
    if (problem(this.#setup)) {
      this.#change({ step: "trigger" }, true);
      return;
    }
    const fromStart = this.#phase === "idle";
    const mine = new AbortController();
    const { signal } = mine;
    this.#training = mine;
    const recipe = fromStart ? this.#wanted() : this.#recipe;
    this.#recipe = recipe;
    this.#phase = "running";
    this.#show();
    try {
      if (fromStart) {
        this.#begun = this.#begun.then(() => this.#lab.open()).then(() => this.#lab.ask("begin", { recipe }));
        await this.#begun;
      }
      if (signal.aborted) return;
      await this.#lab.ask("train", {}, { signal, onProgress: (now) => this.#learnt(now, signal) });
      this.#phase = "done";
      const last = /** @type {import("../../lab/experiment.mjs").Epoch} */ (this.#histories.backdoored.at(-1));
      this.#panels?.training.keep(TITLES[this.#setup.trigger], recipe, last);
      this.#announcer.now(`Trained: clean accuracy ${percent(last.clean)}, attack success ${percent(last.success)}.`);
      this.#show();
      await this.#panels?.training.answer(recipe, (which, images) => this.#lab.ask("ask", { which, images }));
    } catch (error) {
      if (this.#training !== mine) return;
      if (signal.aborted) {
        if (this.#phase === "running") this.#phase = "paused";
      } else {
        this.#begun = Promise.resolve();
        this.#forget();
        const { title, advice } = words(error);
        this.#frame?.fail(`${title} ${advice}`);
        this.#announcer.now(title);
      }
      this.#show();
    }
  }

  /** @param {import("../../lab/experiment.mjs").Trained} now @param {AbortSignal} signal */
  #learnt({ which, epoch, step, steps, done }, signal) {
    if (signal.aborted) return;
    const part = (epoch - 1 + step / steps) / this.#setup.epochs;
    if (which === "clean" || this.#histories.clean.length > 0) this.#frame?.progress(part);
    if (!done) return;
    this.#histories[which] = [...this.#histories[which], done];
    this.#show();
  }

  #show() {
    if (!this.#panels || !this.#frame) return;
    const setup = this.#setup;
    const { data, trigger, attack, training, catch: caught } = this.#panels;
    for (const panel of [data, trigger, attack]) panel.show(setup);
    training.show(setup, this.#phase, this.#histories);
    caught.show(this.#phase === "done");
    this.#frame.show(setup.step, this.#phase, this.#histories.backdoored.at(-1) ?? null, setup.epochs, problem(setup));
  }

  /** What has been measured, for whoever downloads it. */
  #results() {
    return { recipe: this.#recipe, history: this.#histories, defences: this.#panels?.catch.results };
  }
}

/** @param {string} name @param {string} type @param {BlobPart} content */
function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

define("backdoor-lab", BackdoorLab);
