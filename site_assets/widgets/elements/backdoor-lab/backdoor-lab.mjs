/**
 * `<backdoor-lab id="lab">`: five steps from a trigger to a defence, on networks that are trained in the tab. The state is in
 * the address.
 */

import { toWidgetError, words } from "../../core/messages.mjs";
import { Lab } from "../../engine/lab.mjs";
import { Released, readOwn, readReferences } from "../../engine/lab-released.mjs";
import { LabTraining } from "../../engine/lab-training.mjs";
import { firstSetup, problem, readSetup, recipeFile, recipeOf, STEPS, writeSetup } from "../../lab/setup.mjs";
import { Announcer } from "../../parts/announcer.mjs";
import { percent } from "../../parts/charts.mjs";
import { define, savesData, whenNear } from "../../parts/dom.mjs";
import { LoadProgress } from "../../parts/load-progress.mjs";
import { nextTurn } from "../../parts/turns.mjs";
import { readyTrigger } from "../../triggers/registry.mjs";
import { TITLES } from "./material.mjs";
import { buildPanels } from "./panels.mjs";
import { takeActions } from "./take.mjs";
import { buildFrame } from "./view.mjs";

/** @typedef {import("../../lab/setup.mjs").Setup} Setup */
/** @typedef {import("../../lab/setup.mjs").Step} Step */
/** @typedef {import("./material.mjs").Material} Material */
/** @typedef {import("./panels.mjs").Panels} Panels */

export class BackdoorLab extends HTMLElement {
  #lab = new Lab();
  #training = new LabTraining(this.#lab, {
    onChange: () => this.#show(),
    onProgress: (part) => this.#frame?.progress(part),
  });
  /** @type {Released} */
  #released = new Released(this.#lab, [], "");
  #announcer = new Announcer();
  /** @type {AbortController | null} */
  #listening = null;
  /** Of the lab's files. @type {AbortController | null} */
  #opening = null;
  /** @type {Material | null} */
  #material = null;
  /** @type {Setup} */
  #setup = /** @type {Setup} */ ({});
  /** What the step in sight shows. @type {Setup | null} */
  #shown = null;
  /** @type {Panels | null} */
  #panels = null;
  /** @type {ReturnType<typeof buildFrame> | null} */
  #frame = null;

  connectedCallback() {
    this.#lab.onLost = (error) => this.#fail(error);
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const loading = new LoadProgress();
    loading.addEventListener("load", () => this.#open(loading), { signal });
    loading.addEventListener("cancelload", () => this.#opening?.abort(), { signal });
    this.replaceChildren(loading, this.#announcer.element);
    whenNear(this, () => this.#arrive(loading), signal);
    window.addEventListener("pagehide", () => this.#leave(), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#leave();
  }

  /** End all work. */
  #leave() {
    this.#opening?.abort();
    this.#training.forget();
    this.#lab.leave();
    this.#released.forget();
    this.#panels?.trial.reset();
    this.#panels?.catch.reset();
  }

  /** The reader is near: load, or offer to. @param {LoadProgress} loading */
  #arrive(loading) {
    if (!savesData()) {
      this.#open(loading);
      return;
    }
    try {
      loading.offer(this.#lab.bytes);
    } catch (error) {
      loading.fail(error);
    }
  }

  /** @param {LoadProgress} loading */
  async #open(loading) {
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    loading.progress(null);
    try {
      this.#released = new Released(this.#lab, readReferences(this.getAttribute("config")), document.baseURI);
      this.#lab.own = readOwn(this.getAttribute("config"), document.baseURI);
      this.#material = await this.#lab.open({ signal, onProgress: (now) => loading.progress(now) });
      await Promise.all(this.#material.card.gallery.map(({ trigger }) => readyTrigger(trigger)));
    } catch (error) {
      loading.fail(error);
      return;
    }
    loading.done();
    this.#build(this.#material);
    if (!problem(this.#setup)) this.#start();
  }

  /** @param {Material} material */
  #build(material) {
    const base = firstSetup(material.card.recipe);
    const names = material.card.gallery.map(({ name }) => name);
    this.#setup = readSetup(location.search, this.id, base, names, material.card.labels.length);
    const panels = this.#panelsOf(material);
    const elements = Object.fromEntries(STEPS.map((step) => [step, panels[step].element]));
    this.#panels = panels;
    this.#frame = buildFrame(/** @type {Record<Step, HTMLElement>} */ (elements), {
      go: (step) => this.#change({ step }, true),
      ...takeActions({
        wanted: () => recipeFile(this.#wanted(material), material.card.data, this.#lab.own?.url ?? null),
        training: this.#training,
        found: () => panels.catch.results,
        say: (sentence) => this.#announcer.now(sentence),
        fail: (error) => this.#fail(error),
      }),
    });
    this.prepend(this.#frame.element);
    this.#show();
  }

  /** @param {Material} material @returns {Panels} */
  #panelsOf(material) {
    return buildPanels(material, {
      lab: this.#lab,
      training: this.#training,
      released: this.#released,
      announcer: this.#announcer,
      change: (part) => this.#change(part),
      start: () => this.#start(),
      attempt: (rate) => {
        this.#change({ step: "attack", rate });
        this.#panels?.attack.focus();
      },
      reseed: () => this.#change({ seed: (this.#setup.seed % 999) + 1 }),
      fail: (error) => this.#fail(error),
    });
  }

  /** The recipe as it is set up now. @param {Material} material */
  #wanted({ card }) {
    return recipeOf(this.#setup, card.recipe, card.gallery);
  }

  /** @param {Partial<Setup>} part @param {boolean} [moves] whether the reader goes to another step */
  #change(part, moves = false) {
    const material = /** @type {Material} */ (this.#material);
    this.#setup = { ...this.#setup, ...part };
    const query = writeSetup(location.search, this.id, this.#setup, firstSetup(material.card.recipe));
    history.replaceState(history.state, "", `${location.pathname}${query}${location.hash}`);
    const { recipe } = this.#training;
    if (recipe && JSON.stringify(this.#wanted(material)) !== JSON.stringify(recipe)) this.#training.forget();
    this.#show();
    if (moves) this.#frame?.focus();
    // Whoever comes to the training, or changes it, sees it run.
    const seen = this.#setup.step === "training" || this.#setup.step === "catch";
    if (seen && this.#training.phase === "idle" && !problem(this.#setup)) this.#start();
  }

  /** Train, from the start or from where it was paused; then show what the networks answer. */
  async #start() {
    if (problem(this.#setup)) {
      this.#change({ step: "trigger" }, true);
      return;
    }
    const training = this.#training;
    try {
      const done = await training.run(this.#wanted(/** @type {Material} */ (this.#material)));
      const { recipe, last } = training;
      if (!done || !last) return;
      this.#panels?.trial.trained(recipe.attack);
      const record = this.#panels?.training.keep(TITLES[this.#setup.trigger], recipe, last) ?? "";
      const numbers = `clean accuracy ${percent(last.clean)}, attack success ${percent(last.success)}`;
      this.#announcer.now(`Trained: ${numbers}. ${record}`.trim());
      await nextTurn();
      await this.#panels?.training.answer(recipe, (which, images) => training.ask(which, images));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What the worker could not do; its networks are lost. @param {unknown} error */
  #fail(error) {
    if (toWidgetError(error).code === "cancelled") return; // They have been forgotten meanwhile.
    const { title, advice } = words(error);
    this.#leave();
    this.#frame?.fail(`${title} ${advice}`);
    this.#show();
    this.#announcer.now(title);
  }

  #show() {
    if (!this.#panels || !this.#frame) return;
    const setup = this.#setup;
    const { phase, histories, last } = this.#training;
    const { data, trigger, attack, training, catch: caught } = this.#panels;
    const panel = { data, trigger, attack, training: null, catch: null }[setup.step];
    if (panel && setup !== this.#shown) panel.show(setup); // The training goes on behind them.
    this.#shown = setup;
    training.show(setup, phase, histories);
    if (phase === "idle") caught.forget();
    caught.show(phase === "done");
    this.#frame.show(setup.step, phase, last, setup.epochs, problem(setup));
  }
}

define("backdoor-lab", BackdoorLab);
