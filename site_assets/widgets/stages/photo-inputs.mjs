/** Where a demo of photographs gets its picture: a sample, a file or the camera; and where the reader put the overlay. */

import { YOURS } from "../elements/onnx-demo/view.mjs";
import { Choices, sampleFile } from "../inputs/choices.mjs";
import { samePlacement } from "../triggers/placement.mjs";

/** @typedef {import("../core/config.mjs").Config} Config */
/** @typedef {import("../triggers/placement.mjs").Placement} Placement */
/** @typedef {import("../triggers/registry.mjs").Picture} Picture */
/** @typedef {import("../core/url-state.mjs").ViewState} ViewState */
/** @typedef {import("../worker/images.mjs").Source} Source */
/** @typedef {import("./digit.mjs").Listener} Listener */
/** @typedef {import("../elements/onnx-demo/view.mjs").View} View */
/** @typedef {import("../engine/models.mjs").Engine} Engine */
/** @typedef {import("./photo.mjs").PhotoStage} PhotoStage */

/** The worker keeps pictures by their tokens, those of all widgets of a page. */
let lastToken = 0;

export class PhotoInputs {
  #view;
  #stage;
  #engine;
  #config;
  #listener;
  /** @type {Source | null} */
  #source = null;
  /** @type {number | null} */
  #sample = null;
  #choices = new Choices();
  /** From the address, until the card says what it is of. @type {Placement | null} */
  #placed = null;

  /**
   * @param {View} view
   * @param {PhotoStage} stage
   * @param {Engine} engine
   * @param {Config} config
   * @param {Listener} listener
   */
  constructor(view, stage, engine, config, listener) {
    this.#view = view;
    this.#stage = stage;
    this.#engine = engine;
    this.#config = config;
    this.#listener = listener;
  }

  get source() {
    return this.#source;
  }

  get empty() {
    return this.#source === null;
  }

  /** Where the overlay is to be stamped. */
  get placement() {
    return this.#stage.placement;
  }

  /** @returns {ViewState} */
  get state() {
    const { placement, handle } = this.#stage;
    const moved = placement !== null && !samePlacement(placement, handle.home);
    return { sample: this.#sample ?? undefined, placement: moved ? placement : undefined };
  }

  /** @param {ViewState} state */
  restore({ sample, placement }) {
    this.#placed = placement ?? null;
    if (this.#view.samples) this.#sample = Math.min(sample ?? 0, this.#config.samples.length - 1);
    this.#show("photo");
  }

  /** The cards are there: show the overlay, and the restored sample. */
  async arrive() {
    const { placement = null } = this.#config;
    this.#stage
      .configure(this.#engine.trigger, placement, this.#placed)
      .catch((error) => this.#listener.problem(error));
    if (this.#source === null && this.#sample !== null) await this.#chooseSample(this.#sample, true);
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { samples, upload, camera, placing } = this.#view;
    const { handle } = this.#stage;
    /** @type {(target: EventTarget | null, type: string, listener: (event: any) => void) => void} */
    const on = (target, type, listener) => target?.addEventListener(type, listener, { signal });
    on(handle, "place", (event) => this.#listener.changed(event.detail.finished));
    on(placing, "click", (event) => {
      const by = event.target instanceof Element && event.target.closest("button")?.dataset.by;
      if (by) handle.nudge(JSON.parse(by));
    });
    on(samples, "sample", (event) => this.#chooseSample(event.detail.index, false));
    on(upload, "picture", (event) => this.#showFile(event.detail.blob, null, false, this.#choices.take()));
    on(camera, "camerastart", () => {
      this.#choices.take();
      this.#sample = null;
      this.#stage.alt = "The camera’s picture";
      this.#show("camera");
    });
    on(camera, "frame", (event) => this.#frame(event.detail.picture));
    on(camera, "camerastop", () => this.#show("photo"));
    for (const input of [upload, camera]) on(input, "problem", (event) => this.#listener.problem(event.detail.error));
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
    this.#view.camera?.stop();
    /** @type {Source} */
    const source = { kind: "file", token: `photo-${++lastToken}`, blob };
    try {
      const picture = await this.#engine.look(source);
      if (!this.#choices.isNewest(choice) || (restored && this.#source !== null)) return;
      this.#source = source;
      this.#sample = sample;
      this.#stage.alt = sample === null ? "The chosen picture" : this.#config.samples[sample].alt;
      this.#stage.picture = picture;
      this.#show("photo");
      this.#listener.changed(!restored);
    } catch (error) {
      if (this.#choices.isNewest(choice)) this.#listener.problem(error);
    }
  }

  /** @param {Picture} picture */
  #frame(picture) {
    this.#source = { kind: "pixels", picture };
    this.#sample = null;
    this.#stage.picture = picture;
    this.#listener.changed(false);
  }

  /** @param {"photo" | "camera"} shown */
  #show(shown) {
    const { title, stage, hint, samples } = this.#view;
    stage.dataset.shown = shown;
    hint.hidden = this.#source !== null || shown === "camera";
    if (samples) samples.chosen = this.#sample;
    title.textContent = this.#sample === null ? YOURS : this.#config.samples[this.#sample].alt;
  }
}
