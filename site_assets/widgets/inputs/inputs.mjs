/** The ways to give an image beside drawing one: built as a page asks for them, and connected to the source. */

import { fetchSmall } from "../core/fetch.mjs";
import { CameraInput } from "./camera-input.mjs";
import { ImageInput } from "./image-input.mjs";
import { SampleStrip } from "./sample-strip.mjs";

/** @typedef {import("../core/config.mjs").Config} Config */
/** @typedef {ReturnType<typeof buildInputs>} Inputs */

/** @param {Pick<Config, "inputs" | "samples">} config */
export function buildInputs({ inputs, samples }) {
  const strip = inputs.includes("samples") && samples.length > 0;
  return {
    upload: inputs.includes("upload") ? new ImageInput() : null,
    camera: inputs.includes("camera") ? new CameraInput() : null,
    samples: strip ? Object.assign(new SampleStrip(), { samples }) : null,
  };
}

/**
 * A sample's file.
 *
 * @param {string} src relative to the page
 * @throws {import("../core/messages.mjs").WidgetError} what `fetchSmall` throws
 */
export async function sampleFile(src) {
  const url = new URL(src, document.baseURI).href;
  return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (await fetchSmall({ url, what: "the sample" }))]);
}

/**
 * @param {Inputs & {pad: import("./digit-pad.mjs").DigitPad | null}} inputs
 * @param {import("./source.mjs").Source<any>} source
 * @param {(error: unknown) => void} onProblem something is wrong with what the reader gave
 * @param {AbortSignal} signal
 */
export function connectInputs({ pad, samples, upload, camera }, source, onProblem, signal) {
  /** @type {(target: EventTarget | null, type: string, listener: (detail: any) => void) => void} */
  const on = (target, type, listener) =>
    target?.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail), { signal });
  on(pad, "inkstart", () => source.beginStroke());
  on(pad, "ink", ({ finished }) => source.drawn(finished));
  on(samples, "sample", ({ index }) => source.chooseSample(index));
  on(upload, "image", ({ blob }) => source.chooseFile(blob));
  on(camera, "camerastart", () => source.cameraStarted());
  on(camera, "frame", ({ image }) => source.cameraFrame(image));
  on(camera, "camerastop", ({ image }) => source.cameraStopped(image));
  for (const input of [upload, camera]) on(input, "problem", ({ error }) => onProblem(error));
}
