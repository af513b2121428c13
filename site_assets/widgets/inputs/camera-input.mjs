/**
 * `<onnx-camera-input>`: the camera as a source of pictures, a few a second. It stops when the page is hidden and when the
 * element leaves the page. The owner shows `video` where it likes.
 *
 * Events: `camerastart`, `frame` with `{picture}`, `camerastop` with `{picture}` (the last one, or null), `problem` with `{error}`.
 */

import { WidgetError } from "../core/messages.mjs";
import { dropAlpha } from "../core/pixels.mjs";
import { emit, h, iconButton } from "../elements/dom.mjs";

const INTERVAL_MS = 120;

export class CameraInput extends HTMLElement {
  /** Side of the square that is cut from the middle of the video. */
  side = 256;
  video = /** @type {HTMLVideoElement} */ (
    Object.assign(h("video", { class: "ow-video", playsinline: true, "aria-label": "Camera" }), { muted: true })
  );
  #start = iconButton("camera", "Camera", { text: true });
  #stop = iconButton("stop", "Stop", { text: true });
  #flip = iconButton("flip", "Use the other camera");
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {"environment" | "user"} */
  #facing = "environment";
  #timer = 0;
  /** Counts starts, so that a permission granted too late is given back. */
  #attempt = 0;
  /** @type {CanvasRenderingContext2D | null} */
  #context = null;
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    if (!this.firstChild) {
      this.#stop.hidden = true;
      this.#flip.hidden = true;
      this.append(this.#start, this.#stop, this.#flip);
    }
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#start.addEventListener("click", () => this.start(), { signal });
    this.#stop.addEventListener("click", () => this.stop(), { signal });
    this.#flip.addEventListener("click", () => this.#other(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.stop(), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.stop();
  }

  get running() {
    return this.#stream !== null;
  }

  async start() {
    const attempt = ++this.#attempt;
    this.#start.disabled = true;
    try {
      const stream = await this.#request();
      if (attempt !== this.#attempt || !this.isConnected) {
        release(stream);
        return;
      }
      await this.#show(stream);
    } catch (error) {
      if (attempt === this.#attempt) emit(this, "problem", { error: cameraError(error) });
    } finally {
      this.#start.disabled = false;
    }
  }

  stop() {
    this.#attempt++;
    if (!this.#stream) return;
    const last = this.#grab();
    clearInterval(this.#timer);
    release(this.#stream);
    this.#stream = null;
    this.video.srcObject = null;
    const focused = this.contains(document.activeElement);
    this.#start.hidden = false;
    this.#stop.hidden = true;
    this.#flip.hidden = true;
    if (focused) this.#start.focus();
    emit(this, "camerastop", { picture: last });
  }

  async #request() {
    if (!navigator.mediaDevices?.getUserMedia) throw new WidgetError("camera-insecure");
    const size = { width: { ideal: 640 }, height: { ideal: 480 } };
    return navigator.mediaDevices.getUserMedia({ video: { facingMode: this.#facing, ...size }, audio: false });
  }

  /** @param {MediaStream} stream */
  async #show(stream) {
    this.#stream = stream;
    stream.getVideoTracks()[0]?.addEventListener("ended", () => this.stop());
    this.video.srcObject = stream;
    await this.video.play();
    this.#start.hidden = true;
    this.#stop.hidden = false;
    this.#stop.focus({ preventScroll: true });
    const devices = await navigator.mediaDevices.enumerateDevices();
    this.#flip.hidden = devices.filter((device) => device.kind === "videoinput").length < 2;
    emit(this, "camerastart");
    this.#timer = window.setInterval(() => {
      const picture = this.#grab();
      if (picture) emit(this, "frame", { picture });
    }, INTERVAL_MS);
  }

  async #other() {
    this.#facing = this.#facing === "user" ? "environment" : "user";
    if (this.#stream) release(this.#stream);
    this.#stream = null;
    clearInterval(this.#timer);
    await this.start();
  }

  /** The middle square of the video, as pixels. */
  #grab() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || !height) return null;
    const { side } = this;
    this.#context ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const context = /** @type {CanvasRenderingContext2D} */ (this.#context);
    if (context.canvas.width !== side) Object.assign(context.canvas, { width: side, height: side });
    const cut = Math.min(width, height);
    context.drawImage(this.video, (width - cut) / 2, (height - cut) / 2, cut, cut, 0, 0, side, side);
    return { height: side, width: side, channels: 3, data: dropAlpha(context.getImageData(0, 0, side, side).data) };
  }
}

/** @param {MediaStream} stream */
function release(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** @param {unknown} error */
function cameraError(error) {
  if (error instanceof WidgetError) return error;
  const name = error instanceof Error ? error.name : "";
  /** @type {Record<string, import("../core/messages.mjs").Code>} */
  const codes = {
    NotAllowedError: "camera-refused",
    SecurityError: "camera-refused",
    NotFoundError: "camera-absent",
    OverconstrainedError: "camera-absent",
    NotReadableError: "camera-busy",
    AbortError: "camera-busy",
  };
  return new WidgetError(codes[name] ?? "camera-absent", {}, { cause: error });
}
