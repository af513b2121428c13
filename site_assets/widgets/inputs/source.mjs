/**
 * Which input the networks are asked about: the drawing, a sample, a file or the camera; one at a time, and the newest
 * choice wins. Knows no page: what is chosen is shown by a stage.
 */

import { toWidgetError } from "../core/messages.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {import("../core/strokes.mjs").Stroke} Stroke */
/** @typedef {import("../worker/images.mjs").ImageSource} ImageSource */
/**
 * @typedef {object} Pad what can be drawn on
 * @property {boolean} empty
 * @property {readonly Stroke[]} strokes
 * @property {() => Image} image
 * @property {(strokes: readonly Stroke[]) => void} draw
 * @property {() => void} clear
 */
/**
 * @template Decoded
 * @typedef {object} Screen the part of a stage that shows what is chosen
 * @property {Pad | null} pad
 * @property {(source: ImageSource) => Promise<Decoded>} decode
 * @property {(what: "ink" | "photo" | "camera") => void} show
 * @property {(decoded: Decoded, alt: string) => void} setFile
 * @property {(image: Image) => void} setFrame a frame of the live camera
 * @property {(image: Image, alt: string) => void} setStill the camera's last frame
 */
/**
 * @typedef {object} Listener
 * @property {() => void} onChoice another input was chosen
 * @property {(finished: boolean) => void} onImage there is another image to answer; not finished in the middle of a stroke
 *   and while the camera runs
 * @property {(error: unknown) => void} onProblem
 */

/** @typedef {{source: ImageSource, sample: number | null}} Photo a sample, a file or the camera's last frame */

/** The choice that the page makes before the reader makes any. */
const RESTORED = 0;
const DRAWING = "drawing";
export const CHOSEN_FILE = "The chosen image";
export const LAST_FRAME = "The last image from the camera";

/** The worker keeps files by their tokens, those of all widgets of a page. */
let lastToken = 0;

/** @template Decoded */
export class Source {
  #screen;
  #samples;
  #fetchSample;
  #camera;
  #listener;
  /** Counts the reader's choices. What is fetched or decoded for an older one comes too late. */
  #newest = RESTORED;
  /** @type {ImageSource | typeof DRAWING | null} */
  #current = null;
  /** @type {number | null} */
  #sample = null;
  /**
   * The photos that lay over the pad, by the state of the pad below: to undo a drawing over one brings it back.
   *
   * @type {WeakMap<readonly Stroke[], Photo>}
   */
  #photos = new WeakMap();

  /**
   * @param {object} parts
   * @param {Screen<Decoded>} parts.screen
   * @param {readonly {alt: string}[]} parts.samples
   * @param {(index: number) => Promise<Blob>} parts.fetchSample
   * @param {{stop: () => void} | null} parts.camera
   * @param {Listener} parts.listener
   */
  constructor({ screen, samples, fetchSample, camera, listener }) {
    this.#screen = screen;
    this.#samples = samples;
    this.#fetchSample = fetchSample;
    this.#camera = camera;
    this.#listener = listener;
  }

  get empty() {
    return this.#current === null || (this.#current === DRAWING && (this.#screen.pad?.empty ?? true));
  }

  /** What to ask the networks about now. @returns {ImageSource | null} */
  get request() {
    if (this.#current !== DRAWING) return this.#current;
    const { pad } = this.#screen;
    return pad && !pad.empty ? { kind: "pixels", image: pad.image() } : null;
  }

  /** Whether a file or a camera's frame is still what counts. @param {ImageSource} request */
  isCurrent(request) {
    return request === this.#current;
  }

  /** Index of the chosen sample. */
  get sample() {
    return this.#sample;
  }

  /** The drawing, while it is what counts. */
  get strokes() {
    return this.#current === DRAWING ? [...(this.#screen.pad?.strokes ?? [])] : undefined;
  }

  /**
   * Take up a drawing, or else a sample, so that there is something to see before anything is touched. The sample is
   * fetched by `arrive`.
   *
   * @param {{strokes?: readonly Stroke[], sample?: number}} state
   */
  restore({ strokes, sample }) {
    const { pad } = this.#screen;
    if (strokes && pad) {
      this.#current = DRAWING;
      pad.draw(strokes);
    } else if (this.#samples.length > 0) {
      this.#sample = Math.min(sample ?? 0, this.#samples.length - 1);
    }
    this.#show("ink");
  }

  /** Show the restored sample; the cards are here and say how to decode it. */
  async arrive() {
    if (this.#current === null && this.#sample !== null) await this.#useSample(this.#sample, RESTORED);
  }

  /** @param {number} index */
  async chooseSample(index) {
    await this.#useSample(index, ++this.#newest);
  }

  /** @param {Blob} blob */
  async chooseFile(blob) {
    const choice = ++this.#newest;
    await this.#attempt(choice, () => this.#useFile(blob, null, choice));
  }

  /** A stroke begins: it replaces a photo, and joins a drawing. */
  beginStroke() {
    if (this.#current !== DRAWING) this.#takeDrawing();
  }

  /** The drawing changed, by hand or by undo and redo, which can lead from and to a photo. @param {boolean} finished */
  drawn(finished) {
    const { pad } = this.#screen;
    const photo = finished && pad ? this.#photos.get(pad.strokes) : undefined;
    if (photo) {
      if (photo.source !== this.#current) this.#bringBack(photo);
      return;
    }
    if (this.#current !== DRAWING) this.#takeDrawing();
    this.#listener.onImage(finished);
  }

  clear() {
    const { pad } = this.#screen;
    if (this.#current === DRAWING) pad?.clear();
    else if (pad) pad.draw([]);
    else {
      this.#takeDrawing();
      this.#listener.onImage(true);
    }
  }

  cameraStarted() {
    this.#newest++;
    this.#sample = null;
    this.#show("camera");
  }

  /** @param {Image} image */
  cameraFrame(image) {
    this.#current = { kind: "pixels", image };
    this.#sample = null;
    this.#screen.setFrame(image);
    this.#listener.onImage(false);
  }

  /** The last frame stays, so that the trigger can be tried on it. @param {Image | null} image */
  cameraStopped(image) {
    if (this.#current === null || this.#current === DRAWING) {
      this.#show("ink");
      return;
    }
    if (image && this.#current.kind === "pixels") {
      this.#screen.setStill(image, LAST_FRAME);
      this.#cover({ source: this.#current, sample: null });
    }
    this.#show("photo");
  }

  /** A photo lies over the pad from now on. @param {Photo} photo */
  #cover(photo) {
    const { pad } = this.#screen;
    if (!pad) return;
    /** @type {readonly Stroke[]} */
    const below = [];
    this.#photos.set(below, photo);
    pad.draw(below);
  }

  /** @param {Photo} photo that the reader had before */
  async #bringBack({ source, sample }) {
    const choice = ++this.#newest;
    this.#current = null; // Before the camera stops, which would leave its last frame.
    this.#camera?.stop();
    await this.#attempt(choice, async () => {
      if (source.kind === "file") {
        await this.#showFile(source, sample, choice);
      } else {
        this.#current = source;
        this.#sample = null;
        this.#screen.setStill(source.image, LAST_FRAME);
        this.#show("photo");
        this.#listener.onImage(true);
      }
    });
  }

  #takeDrawing() {
    this.#newest++;
    this.#current = DRAWING; // Before the camera stops, which would leave its last frame.
    this.#sample = null;
    this.#camera?.stop();
    this.#show("ink");
  }

  /**
   * @param {number} index
   * @param {number} choice
   */
  async #useSample(index, choice) {
    await this.#attempt(choice, async () => {
      const file = await this.#fetchSample(index);
      if (choice === this.#newest) await this.#useFile(file, index, choice);
    });
  }

  /**
   * @param {Blob} blob
   * @param {number | null} sample
   * @param {number} choice
   */
  async #useFile(blob, sample, choice) {
    this.#camera?.stop();
    /** @type {ImageSource} */
    const file = { kind: "file", token: String(++lastToken), blob };
    if (!(await this.#showFile(file, sample, choice))) return;
    const { pad } = this.#screen;
    if (choice !== RESTORED) this.#cover({ source: file, sample });
    else if (pad) this.#photos.set(pad.strokes, { source: file, sample });
  }

  /**
   * @param {ImageSource} file
   * @param {number | null} sample
   * @param {number} choice
   * @returns {Promise<boolean>} false if something newer was chosen meanwhile
   */
  async #showFile(file, sample, choice) {
    const decoded = await this.#screen.decode(file);
    if (choice !== this.#newest) return false;
    this.#current = file;
    this.#sample = sample;
    this.#screen.setFile(decoded, sample === null ? CHOSEN_FILE : this.#samples[sample].alt);
    this.#show("photo");
    this.#listener.onImage(choice !== RESTORED);
    return true;
  }

  /**
   * @param {number} choice
   * @param {() => Promise<void>} task
   */
  async #attempt(choice, task) {
    try {
      await task();
    } catch (error) {
      if (choice === this.#newest) this.#listener.onProblem(toWidgetError(error));
    }
  }

  /** @param {"ink" | "photo" | "camera"} what */
  #show(what) {
    this.#screen.show(what);
    this.#listener.onChoice();
  }
}
