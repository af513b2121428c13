/** The overlay of a photo demo, as tests read it. */

import { demo, ready, summary } from "./drive.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("../../../site_assets/widgets/triggers/placement.mjs").Placement} Placement */

/** Of the address of a page whose trigger is on. */
const ON = "demo.trigger=on";

/**
 * A new widget with the trigger on, on a page that is there.
 *
 * @param {ReturnType<typeof import("./setup.mjs").setup>} shared
 * @param {(page: Page) => Promise<void>} body
 * @param {string} [query]
 */
export function withGlasses(shared, body, query = ON) {
  return shared.withDemo(async (page) => {
    await handle(page).waitFor();
    await body(page);
  }, query);
}

/** Open a page with the trigger on. @param {Page} page @param {string} address */
export async function openGlasses(page, address) {
  await page.goto(`${address}?${ON}`);
  await ready(page);
  await handle(page).waitFor();
  await summary(page);
}

/** @param {Page} page */
export const handle = (page) => demo(page).locator("onnx-overlay-handle");

/** @param {Page} page @returns {Promise<Placement>} */
export const placement = (page) => handle(page).evaluate((element) => /** @type {any} */ (element).placement);

/** The pixels on the stage, as numbers. @param {Page} page @returns {Promise<number[]>} */
export const pixels = (page) =>
  demo(page)
    .locator(".ow-pixels")
    .evaluate((canvas) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
      const context = /** @type {HTMLCanvasElement} */ (canvas).getContext("2d");
      return [.../** @type {CanvasRenderingContext2D} */ (context).getImageData(0, 0, width, height).data];
    });
