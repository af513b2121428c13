/**
 * Blended injection: an artwork over the whole image, at a given strength; the twin of `training/triggers/blend.py`, equal to
 * the bit.
 * @module
 */

import { artworkName, layersOf, luma, unpackArtwork } from "./artwork.mjs";

/** @typedef {{ kind: "blend", artwork: import("./artwork.mjs").Artwork, strength: number }} Blend */

/** The strength is a whole number of 1/65536. */
const ONE = 65536;

/** @type {import("./registry.mjs").Kind<Blend>} */
export const blend = {
  ready: ({ artwork }) => unpackArtwork(artwork),
  outline: () => null,
  describe: ({ artwork, strength }) =>
    `${artworkName(artwork)}, blended over the whole image at ${Math.round(100 * strength)} %`,
  stamp(image, { artwork, strength }) {
    const { height, width, channels } = image;
    if (channels !== 1 && channels !== 3) throw new RangeError(`a blend needs 1 or 3 channels, not ${channels}`);
    const { rgb, alpha } = layersOf(artwork, height, width);
    const weight = Math.floor(strength * ONE + 0.5);
    const data = image.data.slice();
    for (let i = 0; i < height * width; i++) {
      const kept = 255 * ONE - weight * alpha.data[i];
      const [red, green, blue] = rgb.data.subarray(3 * i, 3 * i + 3);
      const colours = channels === 3 ? [red, green, blue] : [luma(red, green, blue)];
      for (let c = 0; c < channels; c++) {
        const at = i * channels + c;
        const mixed = data[at] * kept + 255 * weight * colours[c] + (255 * ONE) / 2;
        data[at] = Math.min(255, Math.floor(mixed / (255 * ONE)));
      }
    }
    return { ...image, data };
  },
};
