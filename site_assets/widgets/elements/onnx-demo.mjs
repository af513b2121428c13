/**
 * `<onnx-demo config='{…}'>`: networks to try, side by side. It joins inputs, engine and view; data flows one way:
 * input -> source -> worker -> result -> view.
 */

import { sharedClient } from "../client.mjs";
import { parseConfig } from "../core/config.mjs";
import { toWidgetError, words } from "../core/messages.mjs";
import { summarise } from "../core/summary.mjs";
import { readState, writeState } from "../core/url-state.mjs";
import { BACKEND } from "../runtime/ort.mjs";
import { buildView, fillView } from "./demo-view.mjs";
import { h } from "./dom.mjs";
import { Engine } from "./engine.mjs";

/** @typedef {import("../runtime/pictures.mjs").Source} Source */
/** @typedef {import("../runtime/inference.mjs").RunResult} RunResult */

const NEAR = "300px";
const SPEAK_AFTER_MS = 900;

let lastToken = 0;

export class OnnxDemo extends HTMLElement {
  /** @type {import("../core/config.mjs").Config | null} */
  #config = null;
  /** @type {import("./demo-view.mjs").View | null} */
  #view = null;
  /** @type {Engine | null} */
  #engine = null;
  /** What is to be answered: a file, pixels, or "ink" for what is on the pad. @type {Source | "ink" | null} */
  #source = null;
  /** @type {number | null} */
  #sample = null;
  #stamped = false;
  /** @type {AbortController | null} */
  #listening = null;
  /** @type {AbortController | null} */
  #loading = null;
  #speaking = 0;

  connectedCallback() {
    if (!this.#view) this.#build();
    if (this.#view) this.#listen();
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#loading?.abort();
    this.#engine?.drop();
    clearTimeout(this.#speaking);
  }

  #build() {
    try {
      this.#config = parseConfig(this.getAttribute("config"));
    } catch (error) {
      const { title, advice } = words(error);
      this.replaceChildren(h("div", { class: "ow ow-broken", role: "alert" }, h("strong", {}, title), ` ${advice}`));
      return;
    }
    this.#engine = new Engine(this.#config, sharedClient(), document.baseURI);
    this.#view = buildView(this.#config);
    this.replaceChildren(this.#view.root);
    this.dataset.ready = "";
    this.#restore();
  }

  get #parts() {
    if (!this.#view || !this.#engine || !this.#config) throw new Error("not built");
    return { view: this.#view, engine: this.#engine, config: this.#config };
  }

  /** Take up what the address says, or else the first sample, so that there is something to see before anything is touched. */
  #restore() {
    const { view, engine, config } = this.#parts;
    const state = readState(location.search, config.id);
    this.#stamped = config.trigger === "on" || (config.trigger === "switch" && state.trigger === true);
    engine.precision = state.precision ?? null;
    if (view.picker) engine.only = Math.min(state.model ?? 0, config.models.length - 1);
    if (state.strokes && view.pad) {
      view.pad.draw(state.strokes);
      this.#source = "ink";
    } else if (view.samples && config.samples.length > 0) {
      this.#sample = Math.min(state.sample ?? 0, config.samples.length - 1);
    }
    this.#showControls();
  }

  #listen() {
    const { view, engine } = this.#parts;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    /** @type {(target: EventTarget | null, type: string, listener: (event: any) => void) => void} */
    const on = (target, type, listener) => target?.addEventListener(type, listener, { signal });
    on(view.pad, "inkstart", () => this.#beginInk());
    on(view.pad, "ink", (event) => this.#inked(event.detail.finished));
    on(view.undo, "click", () => view.pad?.undo());
    on(view.redo, "click", () => view.pad?.redo());
    on(view.clear, "click", () => this.#clear());
    on(view.samples, "sample", (event) => this.#chooseSample(event.detail.index));
    on(view.upload, "picture", (event) => this.#showPicture(event.detail.blob));
    on(view.camera, "camerastart", () => this.#showStage("camera"));
    on(view.camera, "frame", (event) => this.#live({ kind: "pixels", picture: event.detail.picture }));
    on(view.camera, "camerastop", (event) => this.#cameraStopped(event.detail.picture));
    for (const input of [view.upload, view.camera]) on(input, "problem", (event) => this.#problem(event.detail.error));
    on(view.toggle, "click", () => this.#toggle());
    on(view.precision, "change", () => this.#changeModel(() => (engine.precision = view.precision.value)));
    on(view.picker, "click", (event) => this.#pick(event));
    on(view.share, "click", () => this.#share());
    on(view.load, "load", () => this.#load());
    on(view.load, "cancelload", () => this.#loading?.abort());
    on(view.root, "keydown", (event) => this.#shortcut(event));
    on(this, "pointerdown", () => this.#wake());
    on(this, "focusin", () => this.#wake());
    this.#watch(signal);
  }

  /** Load when the reader comes near; with Save-Data, when the reader uses it. @param {AbortSignal} signal */
  #watch(signal) {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        this.#arrive();
      },
      { rootMargin: NEAR },
    );
    observer.observe(this);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  async #arrive() {
    const { view, engine } = this.#parts;
    try {
      await engine.loadCards();
      this.#showCards();
      if (this.#sample !== null && this.#source === null) await this.#chooseSample(this.#sample, { restored: true });
    } catch (error) {
      view.load.fail(error);
      return;
    }
    const saving = /** @type {any} */ (navigator).connection?.saveData === true;
    if (!saving || engine.ready) this.#load();
    else if (!this.#loading) view.load.offer(engine.modelBytes);
  }

  /** The reader uses the widget: with Save-Data, this is when it loads. */
  #wake() {
    const { view, engine } = this.#parts;
    const offered = view.load.dataset.state === "offer";
    if (offered && !engine.ready && !this.#loading) this.#load();
  }

  async #load() {
    const { view, engine } = this.#parts;
    if (this.#loading) return;
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    view.load.progress(null);
    try {
      await engine.loadCards();
      this.#showCards();
      await engine.open({ signal, onProgress: (progress) => view.load.progress(progress) });
      view.load.done();
    } catch (error) {
      if (this.isConnected) view.load.fail(error);
    } finally {
      this.#loading = null;
    }
    if (engine.ready) await this.#answer();
  }

  #showCards() {
    const { view, engine, config } = this.#parts;
    if (view.root.dataset.cards) return;
    view.root.dataset.cards = "shown";
    fillView(view, config, engine);
  }

  #beginInk() {
    const { view } = this.#parts;
    if (this.#source !== "ink" && view.pad && !view.pad.empty) view.pad.clear();
    view.camera?.stop();
    this.#source = "ink";
    this.#sample = null;
    this.#showStage("ink");
  }

  /** @param {boolean} finished */
  #inked(finished) {
    const { view } = this.#parts;
    if (finished && view.pad?.empty && this.#source !== "ink") return;
    if (this.#source !== "ink") this.#beginInk();
    if (finished) this.#remember();
    this.#showControls();
    this.#answer();
  }

  #clear() {
    const { view } = this.#parts;
    view.camera?.stop();
    this.#source = "ink";
    this.#sample = null;
    this.#showStage("ink");
    view.pad?.clear();
    view.pad?.focus({ preventScroll: true });
    this.#remember();
    this.#answer();
  }

  /**
   * @param {number} index
   * @param {{restored?: boolean}} [options]
   */
  async #chooseSample(index, { restored = false } = {}) {
    const { config } = this.#parts;
    const { src } = config.samples[index];
    try {
      const { fetchSmall } = await import("../core/fetch.mjs");
      const bytes = await fetchSmall({ url: new URL(src, document.baseURI).href, what: "the sample" });
      await this.#showPicture(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]), { sample: index, restored });
    } catch (error) {
      this.#problem(error);
    }
  }

  /**
   * @param {Blob} blob
   * @param {{sample?: number | null, restored?: boolean}} [options]
   */
  async #showPicture(blob, { sample = null, restored = false } = {}) {
    const { view, engine } = this.#parts;
    view.camera?.stop();
    /** @type {Source} */
    const source = { kind: "file", token: `${++lastToken}`, blob };
    const mine = lastToken;
    try {
      const { preview, width, height } = await engine.preview(source);
      if (mine !== lastToken || (restored && this.#source !== null)) return;
      this.#source = source;
      this.#sample = sample;
      paint(view.photo, preview);
      view.photo.classList.toggle("ow-crisp", Math.max(width, height) < 100);
      view.photo.setAttribute(
        "aria-label",
        sample === null ? "The chosen picture" : this.#parts.config.samples[sample].alt,
      );
      this.#showStage("photo");
      if (!restored) this.#remember();
      await this.#answer();
    } catch (error) {
      this.#problem(error);
    }
  }

  /** @param {Source} source */
  #live(source) {
    this.#source = source;
    this.#sample = null;
    this.#answer();
  }

  /** The last frame stays, so that the trigger can be tried on it. @param {{height: number, width: number, data: Uint8Array} | null} picture */
  async #cameraStopped(picture) {
    const { view } = this.#parts;
    if (!picture || typeof this.#source !== "object" || this.#source?.kind !== "pixels") {
      this.#showStage("ink");
      return;
    }
    const { addAlpha } = await import("../core/pixels.mjs");
    paint(view.photo, await createImageBitmap(new ImageData(addAlpha(picture.data, 3), picture.width, picture.height)));
    view.photo.classList.remove("ow-crisp");
    this.#showStage("photo");
  }

  /** @param {"ink" | "photo" | "camera"} shown */
  #showStage(shown) {
    const { view } = this.#parts;
    view.stage.dataset.shown = shown;
    view.photo.hidden = shown !== "photo";
    this.#problemSolved();
    this.#showControls();
  }

  #toggle() {
    this.#stamped = !this.#stamped;
    this.#showControls();
    this.#remember();
    this.#answer();
  }

  /** @param {KeyboardEvent} event */
  #shortcut(event) {
    const { view, config } = this.#parts;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key.toLowerCase() !== "t" || !plain || config.trigger !== "switch" || view.triggerBox.hidden) return;
    event.preventDefault();
    event.stopPropagation(); // Themes have keys of their own.
    this.#toggle();
  }

  /** @param {Event} event */
  #pick(event) {
    const { view, engine } = this.#parts;
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const index = button ? [...(view.picker?.children ?? [])].indexOf(button) : -1;
    if (index >= 0) this.#changeModel(() => (engine.only = index));
  }

  /** @param {() => void} change */
  #changeModel(change) {
    const { engine } = this.#parts;
    change();
    this.#loading?.abort();
    this.#showControls();
    this.#remember();
    if (engine.ready) this.#answer();
    else queueMicrotask(() => this.#loadNext());
  }

  /** A load under way ends first. */
  async #loadNext() {
    while (this.#loading) await new Promise((resolve) => setTimeout(resolve, 20));
    await this.#load();
  }

  #showControls() {
    const { view, engine, config } = this.#parts;
    const pad = view.pad;
    const shownInk = (view.stage.dataset.shown ?? "ink") === "ink";
    view.toggle.setAttribute("aria-checked", String(this.#stamped));
    view.toggle.disabled = config.trigger !== "switch";
    view.root.toggleAttribute("data-stamped", this.#stamped);
    view.undo.disabled = !pad?.canUndo;
    view.redo.disabled = !pad?.canRedo;
    view.clear.disabled = shownInk && (pad?.empty ?? true);
    view.hint.hidden = !shownInk || !(pad?.empty ?? true);
    pad?.toggleAttribute("data-behind", !shownInk);
    if (view.samples) view.samples.chosen = this.#sample;
    for (const [i, button] of [...(view.picker?.children ?? [])].entries()) {
      button.setAttribute("aria-pressed", String(i === engine.only));
      view.answers[i].hidden = i !== engine.only;
    }
  }

  async #answer() {
    const { view, engine } = this.#parts;
    const source = this.#source === "ink" ? this.#ink() : this.#source;
    if (!source) {
      engine.drop();
      this.#showNothing();
      return;
    }
    if (!engine.ready) return;
    const stamped = this.#stamped;
    try {
      const result = await engine.answer(source, stamped);
      const gone = this.#source === null || (this.#source === "ink" && view.pad?.empty);
      if (!gone && stamped === this.#stamped) this.#showResult(result);
    } catch (error) {
      const { code } = toWidgetError(error);
      if (code === "superseded") return;
      if (code === "crashed") view.load.fail(error);
      else this.#problem(error);
    }
  }

  /** @returns {Source | null} */
  #ink() {
    const { pad } = this.#parts.view;
    return pad && !pad.empty ? { kind: "pixels", picture: pad.picture() } : null;
  }

  /** @param {RunResult} result */
  #showResult({ answers, seen, milliseconds }) {
    const { view, engine } = this.#parts;
    const stamped = this.#stamped;
    const pixels = (stamped ? seen.stamped : seen.plain) ?? seen.plain;
    if (pixels) view.seen.show(pixels, stamped ? engine.trigger : null);
    const shown = engine.shown;
    const verdicts = answers.map((answer, i) => view.answers[shown[i]].show(answer, stamped));
    const sentence = summarise(verdicts);
    view.summary.textContent = sentence;
    view.root.toggleAttribute(
      "data-flipped",
      stamped && verdicts.some((v) => v.stamped && v.stamped.label !== v.plain.label),
    );
    view.timing.textContent = `${milliseconds.prepare.toFixed(1)} ms to prepare, ${milliseconds.infer.toFixed(1)} ms to infer · ${BACKEND}`;
    this.dataset.answered = "";
    this.#speak(sentence);
  }

  #showNothing() {
    const { view } = this.#parts;
    view.seen.clear();
    for (const answer of view.answers) answer.clear();
    view.summary.textContent = "";
    view.root.removeAttribute("data-flipped");
    delete this.dataset.answered;
    clearTimeout(this.#speaking);
  }

  /** Screen readers get one sentence when things have come to rest. @param {string} sentence */
  #speak(sentence) {
    const { live } = this.#parts.view;
    clearTimeout(this.#speaking);
    this.#speaking = window.setTimeout(() => {
      if (live.textContent !== sentence) live.textContent = sentence;
    }, SPEAK_AFTER_MS);
  }

  /** Something about the reader's picture, not about the networks. @param {unknown} error */
  #problem(error) {
    const { view } = this.#parts;
    const { title, advice } = words(error);
    view.summary.replaceChildren(h("strong", {}, title), ` ${advice}`);
    view.summary.dataset.problem = "";
    view.summary.setAttribute("role", "alert");
  }

  #problemSolved() {
    const { summary } = this.#parts.view;
    if (!("problem" in summary.dataset)) return;
    delete summary.dataset.problem;
    summary.removeAttribute("role");
    summary.textContent = "";
  }

  /** Put the view into the address. */
  #remember() {
    const { view, engine, config } = this.#parts;
    const search = writeState(location.search, config.id, {
      trigger: config.trigger === "switch" && this.#stamped ? true : undefined,
      precision: engine.precision ?? undefined,
      model: engine.only || undefined,
      sample: this.#sample ?? undefined,
      strokes: this.#source === "ink" ? [...(view.pad?.strokes ?? [])] : undefined,
    });
    history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
  }

  async #share() {
    const { view } = this.#parts;
    this.#remember();
    const words = view.share.querySelector(".ow-sr");
    try {
      await navigator.clipboard.writeText(location.href);
      view.share.dataset.done = "Copied";
    } catch {
      view.share.dataset.done = "The link is in the address bar";
    }
    if (words) words.textContent = view.share.dataset.done;
    setTimeout(() => {
      delete view.share.dataset.done;
      if (words) words.textContent = "Copy a link to this view";
    }, 2500);
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 */
function paint(canvas, bitmap) {
  Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
}
