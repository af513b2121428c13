/** Task `look`: an image as a network is given it, without the trigger. The decoded file is kept for `run`. */

import { untriggered } from "../../core/preprocess.mjs";
import { decoded } from "../images.mjs";

/** @typedef {import("../../core/image.mjs").Image} Image */
/** @typedef {import("../../core/preprocess.mjs").InputPipeline} InputPipeline */
/** @typedef {import("../images.mjs").ImageSource} ImageSource */

/**
 * @param {{source: ImageSource, maxPixels: number, pipeline: InputPipeline}} request
 * @param {import("../serve.mjs").Around} around
 * @returns {Promise<{result: Image}>}
 */
export async function look({ source, maxPixels, pipeline }, { compute }) {
  return { result: await compute(async () => untriggered(pipeline, await decoded(source, maxPixels)).image) };
}
