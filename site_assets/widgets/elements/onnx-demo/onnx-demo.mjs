/**
 * `<onnx-demo config='{…}'>`: networks to try, side by side. It joins inputs, engine and view; data flows one way:
 * input -> source -> worker -> result -> view.
 */

import { parseConfig, takesPhotos } from "../../core/config.mjs";
import { toWidgetError, WidgetError, words } from "../../core/messages.mjs";
import { summarise } from "../../core/summary.mjs";
import { readState, writeState } from "../../core/url-state.mjs";
import { sharedClient } from "../../engine/client.mjs";
import { Engine } from "../../engine/models.mjs";
import { h, hide, whenIdle } from "../../parts/dom.mjs";
import { DemoInputs } from "../../stages/digit.mjs";
import { BACKEND } from "../../worker/ort.mjs";
import { buildView, fillView, shareLink, TRIGGER_KEY } from "./view.mjs";

/** @typedef {import("../../stages/photo-inputs.mjs").PhotoInputs} PhotoInputs */
/** @typedef {import("../../stages/photo.mjs").PhotoStage} PhotoStage */
/**
 * @typedef {object} Parts
 * @property {import("../../core/config.mjs").Config} config
 * @property {import("./view.mjs").View} view
 * @property {Engine} engine
 * @property {DemoInputs | PhotoInputs} inputs
 * @property {PhotoStage | null} photo the stage of a demo of photographs
 */

/** How far below the viewport loading begins. */
const NEAR = "300px";
/** Where keys are for choosing and writing. */
const TAKES_KEYS = "select, input, textarea, [contenteditable]";

export class OnnxDemo extends HTMLElement {
  /** @type {Parts | null} */
  #built = null;
  /** @type {Promise<void> | null} */
  #building = null;
  #stamped = false;
  /** @type {AbortController | null} */
  #listening = null;
  /** @type {AbortController | null} */
  #loading = null;
  /** The worker died and was started again, and no answer has come since. */
  #recovering = false;

  /** Built when the reader comes near, or when the page has nothing better to do; what the server rendered stands in. */
  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    if (this.#built) this.#listen(signal);
    else whenIdle(() => this.#ensureBuilt(), signal);
    const observer = new IntersectionObserver(
      async (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        await this.#ensureBuilt();
        if (this.#built && !signal.aborted) this.#arrive();
      },
      { rootMargin: NEAR },
    );
    observer.observe(this);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#loading?.abort();
    this.#loading = null;
    this.#built?.engine.drop();
    this.#built?.view.live.hush();
  }

  get #parts() {
    return /** @type {Parts} */ (this.#built);
  }

  /** Settles when the widget is there, or what went wrong in its place. */
  async #ensureBuilt() {
    if (this.dataset.ready === undefined) this.#building = this.#buildOnce();
    await this.#building;
  }

  async #buildOnce() {
    this.dataset.ready = "";
    const focused = this.contains(document.activeElement);
    try {
      const config = parseConfig(this.getAttribute("config"));
      this.#build(config, takesPhotos(config) ? await importPhotos() : null);
      const signal = this.#listening?.signal;
      if (signal && !signal.aborted) this.#listen(signal);
    } catch (error) {
      const { title, advice } = words(error);
      this.replaceChildren(h("div", { class: "ow ow-broken", role: "alert" }, h("strong", {}, title), ` ${advice}`));
    }
    if (focused) this.querySelector("button")?.focus({ preventScroll: true });
  }

  /**
   * @param {import("../../core/config.mjs").Config} config
   * @param {typeof import("../../stages/photos.mjs") | null} photos
   */
  #build(config, photos) {
    const engine = new Engine(config, sharedClient(), document.baseURI);
    const photo = photos && config.picture ? new photos.PhotoStage(config.picture) : null;
    const view = buildView(config, photo);
    const listener = {
      changed: (/** @type {boolean} */ finished) => this.#changed(finished),
      problem: (/** @type {unknown} */ error) => this.#problem(error),
    };
    const inputs =
      photos && photo
        ? new photos.PhotoInputs(view, photo, engine, config, listener)
        : new DemoInputs(view, engine, config, listener);
    if (photo && view.camera && config.picture) view.camera.side = config.picture.height;
    this.#built = { config, view, engine, inputs, photo };
    const state = readState(location.search, config.id);
    this.#stamped = config.trigger === "on" || (config.trigger === "switch" && state.trigger === true);
    engine.precision = state.precision ?? null;
    if (view.picker) engine.only = Math.min(state.model ?? 0, config.models.length - 1);
    inputs.restore(state);
    this.replaceChildren(view.root);
    this.#showControls();
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const { view, engine, inputs } = this.#parts;
    /** @type {(target: EventTarget | null, type: string, listener: (event: any) => void) => void} */
    const on = (target, type, listener) => target?.addEventListener(type, listener, { signal });
    inputs.listen(signal);
    on(view.toggle, "click", () => this.#toggle());
    on(view.root, "keydown", (event) => this.#shortcut(event));
    on(view.picker, "click", (event) => this.#pick(event));
    on(view.precision, "change", () => {
      engine.precision = view.precision.value;
      this.#changeModels();
    });
    on(view.share, "click", () => shareLink(view));
    on(view.load, "load", () => this.#load());
    on(view.load, "cancelload", () => this.#loading?.abort());
    on(this, "pointerdown", (event) => this.#wake(event));
    on(this, "focusin", (event) => this.#wake(event));
  }

  /** The reader is near: load, or with Save-Data offer to. */
  async #arrive() {
    const { view, engine } = this.#parts;
    try {
      await this.#loadCards();
    } catch (error) {
      view.load.fail(error);
      return;
    }
    const saving = /** @type {any} */ (navigator).connection?.saveData === true;
    if (this.#loading) return;
    if (!saving || engine.ready) this.#load();
    else view.load.offer(engine.modelBytes);
  }

  /** With Save-Data, using the widget is what loads it; the button that offers it asks by itself. @param {Event} event */
  #wake({ target }) {
    const { load } = this.#parts.view;
    if (load.dataset.state === "offer" && !(target instanceof Node && load.contains(target))) this.#load();
  }

  async #loadCards() {
    const { view, engine, config, inputs } = this.#parts;
    await engine.loadCards();
    if (view.root.dataset.cards) return;
    view.root.dataset.cards = "shown";
    fillView(view, config, engine);
    inputs.arrive();
  }

  /** Fetch and open the networks; a load under way gives way to this one. */
  async #load() {
    const { view, engine } = this.#parts;
    const controller = new AbortController();
    this.#loading?.abort();
    this.#loading = controller;
    const current = () => this.#loading === controller;
    view.load.progress(null);
    view.live.soon("Loading the networks.");
    try {
      await this.#loadCards();
      const onProgress = (/** @type {import("../../worker/sessions.mjs").Progress} */ progress) => {
        if (current()) view.load.progress(progress);
      };
      await engine.open({ signal: controller.signal, onProgress });
      if (!current()) return;
      view.load.done();
      view.live.now("The networks are ready.");
    } catch (error) {
      if (!current()) return;
      view.load.fail(error); // An alert, which speaks for itself.
      view.live.now("");
    }
    this.#loading = null;
    if (engine.ready) await this.#answer();
  }

  #toggle() {
    this.#stamped = !this.#stamped;
    this.#showControls();
    this.#changed(true);
  }

  /** @param {KeyboardEvent} event */
  #shortcut(event) {
    const { view } = this.#parts;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key.toUpperCase() !== TRIGGER_KEY || !plain || view.toggle.disabled || view.triggerBox.hidden) return;
    if (event.target instanceof Element && event.target.closest(TAKES_KEYS)) return;
    event.preventDefault();
    event.stopPropagation(); // Themes have keys of their own.
    this.#toggle();
  }

  /** @param {Event} event */
  #pick(event) {
    const { view, engine } = this.#parts;
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const index = button ? [...(view.picker?.children ?? [])].indexOf(button) : -1;
    if (index < 0) return;
    engine.only = index;
    this.#changeModels();
  }

  #changeModels() {
    this.#showControls();
    this.#changed(true);
    if (this.#loading || !this.#parts.engine.ready) this.#load();
  }

  #showControls() {
    const { view, engine, config, photo } = this.#parts;
    if (photo) photo.stamped = this.#stamped;
    if (view.placing && !this.#stamped) hide(view.placing, view.toggle);
    else if (view.placing) view.placing.hidden = false;
    view.toggle.setAttribute("aria-checked", String(this.#stamped));
    view.toggle.disabled = config.trigger !== "switch";
    for (const [i, button] of [...(view.picker?.children ?? [])].entries()) {
      button.setAttribute("aria-pressed", String(i === engine.only));
      view.answers[i].hidden = i !== engine.only;
    }
  }

  /** @param {boolean} finished worth a place in the address: not in the middle of a stroke */
  #changed(finished) {
    this.#forgetProblem();
    if (finished) this.#remember();
    this.#answer();
  }

  async #answer() {
    const { view, engine, inputs, photo } = this.#parts;
    if (inputs.empty) {
      engine.drop();
      this.#showNothing();
      return;
    }
    if (!engine.ready) {
      if (view.load.dataset.state === "done") this.#load(); // The worker died since.
      return;
    }
    const stamped = this.#stamped;
    const { source, placement } = inputs;
    try {
      const result = await engine.answer(/** @type {any} */ (source), stamped, placement);
      if (inputs.empty || stamped !== this.#stamped) return;
      if (photo && source === inputs.source) photo.show(result.seen, placement);
      this.#showResult(result);
    } catch (error) {
      const { code } = toWidgetError(error);
      if (code === "superseded") return;
      if (code !== "crashed") this.#problem(error);
      else if (this.#recovering) view.load.fail(error);
      else {
        this.#recovering = true;
        this.#load(); // Answers when the networks are open again.
      }
    }
  }

  /** @param {import("../../worker/inference.mjs").RunResult} result */
  #showResult({ answers, seen, milliseconds, runs }) {
    const { view, engine, photo } = this.#parts;
    this.#recovering = false;
    const stamped = this.#stamped;
    const pixels = (stamped ? seen.stamped : seen.plain) ?? seen.plain;
    if (!photo && pixels) view.seen.show(pixels, stamped ? engine.trigger : null);
    const shown = engine.shown;
    const verdicts = answers.map((answer, i) => view.answers[shown[i]].show(answer, stamped));
    const sentence = summarise(verdicts);
    // A problem stands until the reader changes something: an answer from before must not wipe it away.
    if (!("problem" in view.summary.dataset)) view.summary.textContent = sentence;
    if (runs > 0) view.timing.textContent = timing(milliseconds.infer, photo ? runs : 1);
    view.timing.title = `${milliseconds.prepare.toFixed(1)} ms to prepare the picture, the rest for the networks`;
    this.dataset.answered = "";
    view.live.soon(sentence);
  }

  #showNothing() {
    const { view, photo } = this.#parts;
    if (photo) photo.clear();
    else view.seen.clear();
    for (const answer of view.answers) answer.clear();
    view.summary.textContent = "";
    delete this.dataset.answered;
    view.live.hush();
  }

  /** Something about the reader's picture, not about the networks. @param {unknown} error */
  #problem(error) {
    const { summary } = this.#parts.view;
    const { title, advice } = words(error);
    summary.replaceChildren(h("strong", {}, title), ` ${advice}`);
    summary.dataset.problem = "";
    summary.setAttribute("role", "alert");
  }

  #forgetProblem() {
    const { summary } = this.#parts.view;
    if (!("problem" in summary.dataset)) return;
    delete summary.dataset.problem;
    summary.removeAttribute("role");
    summary.textContent = "";
  }

  /** Put the view into the address. */
  #remember() {
    const { engine, inputs, config } = this.#parts;
    const search = writeState(location.search, config.id, {
      ...inputs.state,
      trigger: config.trigger === "switch" && this.#stamped ? true : undefined,
      precision: engine.precision ?? undefined,
      model: engine.only || undefined,
    });
    history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
  }
}

/** @throws {WidgetError} network */
async function importPhotos() {
  try {
    return await import("../../stages/photos.mjs");
  } catch (error) {
    throw new WidgetError("network", { what: "the page’s program" }, { cause: error });
  }
}

/**
 * @param {number} milliseconds of all networks together
 * @param {number} runs
 */
function timing(milliseconds, runs) {
  const each = runs === 1 ? "" : " a network";
  return `${(milliseconds / runs).toFixed(1)} ms${each} · ${BACKEND}`;
}
