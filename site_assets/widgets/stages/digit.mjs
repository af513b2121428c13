/** Where a demo's picture comes from: the pad, a sample, a file or the camera; one at a time. */

import { addAlpha } from "../core/pixels.mjs";
import { YOURS } from "../elements/onnx-demo/view.mjs";
import { Choices, sampleFile } from "../inputs/choices.mjs";

/** @typedef {import("../core/config.mjs").Config} Config */
/** @typedef {import("../triggers/registry.mjs").Picture} Picture */
/** @typedef {import("../core/url-state.mjs").ViewState} ViewState */
/** @typedef {import("../worker/images.mjs").Source} Source */
/** @typedef {import("../elements/onnx-demo/view.mjs").View} View */
/** @typedef {import("../engine/models.mjs").Engine} Engine */
/**
 * @typedef {object} Listener
 * @property {(finished: boolean) => void} changed there is another picture; finished: not in the middle of a stroke
 * @property {(error: unknown) => void} problem
 */

const SMALL = 100;

/** The worker keeps pictures by their tokens, those of all widgets of a page. */
let lastToken = 0;

export class DemoInputs {
  #view;
  #engine;
  #config;
  #listener;
  /** "ink" stands for what is on the pad. @type {Source | "ink" | null} */
  #source = null;
  /** @type {number | null} */
  #sample = null;
  #choices = new Choices();

  /**
   * @param {View} view
   * @param {Engine} engine
   * @param {Config} config
   * @param {Listener} listener
   */
  constructor(view, engine, config, listener) {
    this.#view = view;
    this.#engine = engine;
    this.#config = config;
    this.#listener = listener;
  }

  /** What is to be answered now. @returns {Source | null} */
  get source() {
    if (this.#source !== "ink") return this.#source;
    const { pad } = this.#view;
    return pad && !pad.empty ? { kind: "pixels", picture: pad.picture() } : null;
  }

  get empty() {
    return this.#source === null || (this.#source === "ink" && (this.#view.pad?.empty ?? true));
  }

  /** What is drawn has no overlay to place. @returns {import("../triggers/placement.mjs").Placement | null} */
  get placement() {
    return null;
  }

  /** Of the state in the address, what belongs to the picture. @returns {ViewState} */
  get state() {
    const strokes = this.#source === "ink" ? [...(this.#view.pad?.strokes ?? [])] : undefined;
    return { sample: this.#sample ?? undefined, strokes };
  }

  /** Take up a drawing, or else a sample, so that there is something to see before anything is touched. @param {ViewState} state */
  restore({ strokes, sample }) {
    const { pad, samples } = this.#view;
    if (strokes && pad) {
      pad.draw(strokes);
      this.#source = "ink";
    } else if (samples) {
      this.#sample = Math.min(sample ?? 0, this.#config.samples.length - 1);
    }
    this.#showStage("ink");
  }

  /** Show the restored sample, once the card says how to decode it. */
  async arrive() {
    if (this.#source === null && this.#sample !== null) await this.#chooseSample(this.#sample, true);
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { pad, undo, redo, clear, samples, upload, camera } = this.#view;
    /** @type {(target: EventTarget | null, type: string, listener: (event: any) => void) => void} */
    const on = (target, type, listener) => target?.addEventListener(type, listener, { signal });
    on(pad, "inkstart", () => this.#beginInk());
    on(pad, "ink", (event) => this.#inked(event.detail.finished));
    on(undo, "click", () => pad?.undo());
    on(redo, "click", () => pad?.redo());
    on(clear, "click", () => this.#clear());
    on(samples, "sample", (event) => this.#chooseSample(event.detail.index, false));
    on(upload, "picture", (event) => this.#showFile(event.detail.blob, null, false, this.#choices.take()));
    on(camera, "camerastart", () => {
      this.#choices.take();
      this.#sample = null;
      this.#showStage("camera");
    });
    on(camera, "frame", (event) => this.#frame(event.detail.picture));
    on(camera, "camerastop", (event) => this.#cameraStopped(event.detail.picture));
    for (const input of [upload, camera]) on(input, "problem", (event) => this.#listener.problem(event.detail.error));
  }

  /** A stroke begins: it replaces a photograph, and joins a drawing. */
  #beginInk() {
    const { pad } = this.#view;
    if (this.#source === "ink") return;
    this.#takeInk();
    if (pad && !pad.empty) pad.clear();
  }

  /** @param {boolean} finished */
  #inked(finished) {
    // Undo can bring a drawing back while a photograph is shown.
    if (this.#source !== "ink" && !this.#view.pad?.empty) this.#takeInk();
    this.#showTools();
    if (this.#source === "ink") this.#listener.changed(finished);
  }

  #clear() {
    const { pad } = this.#view;
    this.#takeInk();
    pad?.clear();
    pad?.focus({ preventScroll: true });
    this.#listener.changed(true);
  }

  #takeInk() {
    this.#choices.take();
    this.#source = "ink"; // Before the camera stops, which would leave its last picture.
    this.#sample = null;
    this.#view.camera?.stop();
    this.#showStage("ink");
  }

  /**
   * @param {number} index
   * @param {boolean} restored by the page, not chosen by the reader
   */
  async #chooseSample(index, restored) {
    const choice = this.#choices.take(restored);
    try {
      const file = await sampleFile(this.#config, index);
      if (this.#choices.isNewest(choice)) await this.#showFile(file, index, restored, choice);
    } catch (error) {
      if (this.#choices.isNewest(choice)) this.#listener.problem(error);
    }
  }

  /**
   * @param {Blob} blob
   * @param {number | null} sample
   * @param {boolean} restored
   * @param {number} choice
   */
  async #showFile(blob, sample, restored, choice) {
    const { photo, camera } = this.#view;
    camera?.stop();
    /** @type {Source} */
    const source = { kind: "file", token: String(++lastToken), blob };
    try {
      const { preview, width, height } = await this.#engine.preview(source);
      if (!this.#choices.isNewest(choice) || (restored && this.#source !== null)) return;
      this.#source = source;
      this.#sample = sample;
      paint(photo, preview);
      photo.classList.toggle("ow-crisp", Math.max(width, height) < SMALL);
      photo.setAttribute("aria-label", sample === null ? "The chosen picture" : this.#config.samples[sample].alt);
      this.#showStage("photo");
      this.#listener.changed(!restored);
    } catch (error) {
      if (this.#choices.isNewest(choice)) this.#listener.problem(error);
    }
  }

  /** @param {Picture} picture */
  #frame(picture) {
    this.#source = { kind: "pixels", picture };
    this.#sample = null;
    this.#listener.changed(false);
  }

  /** The last frame stays, so that the trigger can be tried on it. @param {Picture | null} picture */
  async #cameraStopped(picture) {
    if (!picture || this.#source === "ink" || this.#source?.kind !== "pixels") {
      const drawing = this.#source === null || this.#source === "ink";
      if (this.#view.stage.dataset.shown === "camera") this.#showStage(drawing ? "ink" : "photo");
      return;
    }
    const { photo } = this.#view;
    const source = this.#source;
    const image = new ImageData(addAlpha(picture.data, 3), picture.width, picture.height);
    const bitmap = await createImageBitmap(image);
    if (this.#source !== source) return; // Something else was chosen meanwhile.
    paint(photo, bitmap);
    photo.classList.remove("ow-crisp");
    photo.setAttribute("aria-label", "The last picture from the camera");
    this.#showStage("photo");
  }

  /** @param {"ink" | "photo" | "camera"} shown */
  #showStage(shown) {
    const { stage, photo } = this.#view;
    stage.dataset.shown = shown;
    photo.hidden = shown !== "photo";
    this.#showTools();
  }

  #showTools() {
    const { title, stage, pad, undo, redo, clear, hint, samples } = this.#view;
    const drawing = stage.dataset.shown === "ink";
    const blank = pad?.empty ?? true;
    undo.disabled = !pad?.canUndo;
    redo.disabled = !pad?.canRedo;
    clear.disabled = drawing && blank;
    hint.hidden = !drawing || !blank;
    pad?.toggleAttribute("data-behind", !drawing);
    if (samples) samples.chosen = this.#sample;
    title.textContent = drawing || this.#sample === null ? YOURS : this.#config.samples[this.#sample].alt;
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
