/** What the pipeline cannot do with an image is said in words; its pixels are compared with Python's in the goldens. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { runPipeline } from "../../../site_assets/widgets/core/preprocess.mjs";

/** @param {number} height @param {number} width */
const image = (height, width) => ({ height, width, channels: 3, data: new Uint8Array(height * width * 3) });

/** @param {any[]} steps */
const pipeline = (...steps) => ({
  tensor: "image",
  height: 8,
  width: 8,
  channels: /** @type {const} */ (1),
  steps: [{ op: "composite" }, { op: "greyscale" }, ...steps, { op: "layout" }],
});
const PATCH = { kind: "patch", top: 7, left: 7, height: 2, width: 2, value: 255 };

for (const { what, steps, trigger, size, found } of [
  { what: "another size", steps: [], size: 9, found: "its steps made an image of 9x9x1 where it promises 8x8x1" },
  {
    what: "too large for its frame",
    steps: [{ op: "centre-of-mass", height: 8, width: 8 }],
    size: 9,
    found: "centre-of-mass: an image of 9x9 does not fit into 8x8",
  },
  {
    what: "too large for a slow step",
    steps: [{ op: "isolate-ink", min_contrast: 16 }],
    size: 513,
    found: "the step 'isolate-ink' is given an image of 513x513, and 262144 pixels are the most",
  },
  {
    what: "too small for its trigger",
    steps: [{ op: "trigger" }],
    trigger: PATCH,
    size: 8,
    found: "the patch trigger does not lie inside a 8x8 image",
  },
]) {
  test(`an image of ${what} does not fit the card`, () => {
    assert.throws(
      () =>
        runPipeline(/** @type {any} */ (pipeline(...steps)), image(size, size), /** @type {any} */ (trigger ?? null)),
      (error) => error instanceof WidgetError && error.code === "unfit" && error.details.found === found,
    );
  });
}
