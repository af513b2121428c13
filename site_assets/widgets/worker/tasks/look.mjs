/** Task `look`: an image as a network is given it, without the trigger. The decoded file is kept for `run`. */

import { background } from "../../core/card.mjs";
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
  const image = () => decoded(source, maxPixels, background(pipeline));
  return { result: await compute(async () => untriggered(pipeline, await image()).image) };
}
