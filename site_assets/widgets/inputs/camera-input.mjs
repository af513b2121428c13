/**
 * `<onnx-camera-input>`: the camera as a source of images, a few a second. It stops when the page is hidden and when the
 * element leaves the page. The owner shows `video` where it likes.
 *
 * Events: `camerastart`, `frame` with `{image}`, `camerastop` with `{image}` (the last one, or null), `problem` with `{error}`.
 */

import { dropAlpha } from "../core/image.mjs";
import { WidgetError } from "../core/messages.mjs";
import { define, emit, h, hide, iconButton } from "../parts/dom.mjs";

/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {"environment" | "user"} Facing */

const INTERVAL_MS = 120;
/** Of the start button while the camera is asked for: `disabled` would take the focus from it. */
const BUSY = "aria-disabled";
/** @type {Record<Facing, Facing>} */
const OTHER = { environment: "user", user: "environment" };

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
  /** Whether `camerastart` was emitted last. While one camera is exchanged for another, none runs. */
  #announced = false;
  /** The image before the camera was changed for another. @type {Image | null} */
  #last = null;
  /** @type {Facing} */
  #facing = "environment";
  #timer = 0;
  /** Counts starts and stops, so that a permission granted too late is given back. */
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
    this.#start.addEventListener("click", () => !this.#start.hasAttribute(BUSY) && this.start(), { signal });
    this.#stop.addEventListener("click", () => this.stop(), { signal });
    this.#flip.addEventListener("click", () => this.start(OTHER[this.#facing]), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.stop(), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.stop();
  }

  /** Start the camera, or switch to the other one. @param {Facing} [facing] */
  async start(facing = this.#facing) {
    const attempt = ++this.#attempt;
    const current = () => attempt === this.#attempt;
    this.#last = this.#grab() ?? this.#last;
    this.#release(); // Some devices open only one camera at a time.
    this.#start.setAttribute(BUSY, "true");
    try {
      const stream = await requestCamera(facing);
      if (!current()) {
        stopTracks(stream);
        return;
      }
      this.#take(stream);
      await this.video.play();
      const cameras = await countCameras();
      if (!current()) return; // Whoever stopped it has released the stream.
      this.#facing = facing;
      this.#run(cameras);
    } catch (error) {
      if (!current()) return;
      this.stop();
      emit(this, "problem", { error: cameraError(error) });
    }
  }

  /** Stop the camera, whether it runs, is being asked for, or is being exchanged for another. */
  stop() {
    this.#attempt++;
    const last = this.#grab() ?? this.#last;
    const announced = this.#announced;
    this.#release();
    this.video.srcObject = null;
    this.#announced = false;
    this.#last = null;
    this.#start.removeAttribute(BUSY);
    this.#start.hidden = false;
    hide(this.#stop, this.#start);
    hide(this.#flip, this.#start);
    if (announced) emit(this, "camerastop", { image: last });
  }

  /** @param {MediaStream} stream */
  #take(stream) {
    this.#stream = stream;
    this.video.srcObject = stream;
    // As when it is unplugged.
    stream.getVideoTracks()[0]?.addEventListener("ended", () => this.#stream === stream && this.stop());
  }

  #release() {
    clearInterval(this.#timer);
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = null;
  }

  /** @param {number} cameras how many there are */
  #run(cameras) {
    this.#start.removeAttribute(BUSY);
    this.#stop.hidden = false;
    hide(this.#start, this.#stop);
    if (cameras > 1) this.#flip.hidden = false;
    else hide(this.#flip, this.#stop);
    this.#announced = true;
    emit(this, "camerastart");
    this.#timer = window.setInterval(() => {
      const image = this.#grab();
      if (image) emit(this, "frame", { image });
    }, INTERVAL_MS);
  }

  /** The middle square of the video, as pixels; null when no camera runs. @returns {Image | null} */
  #grab() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!this.#stream || !width || !height) return null;
    const { side } = this;
    this.#context ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const context = /** @type {CanvasRenderingContext2D} */ (this.#context);
    if (context.canvas.width !== side) Object.assign(context.canvas, { width: side, height: side });
    const cut = Math.min(width, height);
    context.drawImage(this.video, (width - cut) / 2, (height - cut) / 2, cut, cut, 0, 0, side, side);
    return { height: side, width: side, channels: 3, data: dropAlpha(context.getImageData(0, 0, side, side).data) };
  }
}

define("onnx-camera-input", CameraInput);

/** @param {Facing} facing */
async function requestCamera(facing) {
  if (!navigator.mediaDevices?.getUserMedia) throw new WidgetError("camera-insecure");
  const size = { width: { ideal: 640 }, height: { ideal: 480 } };
  return navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, ...size }, audio: false });
}

async function countCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === "videoinput").length;
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
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
