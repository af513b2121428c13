/** Whether everything on a page is in its place: at a width, once nothing moves. */

import assert from "node:assert/strict";
import { faults } from "./layout-faults.mjs";
import { collect } from "./layout-page.mjs";

/** @typedef {import("playwright-core").Page} Page */

export const PHONE = { width: 390, height: 844 };

/** @param {number} width */
export const sized = (width) => ({ width, height: width < 600 ? PHONE.height : 800 });

/** Once nothing moves: no font, no image, no transition. @param {Page} page */
export async function settled(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const ends = (/** @type {Animation} */ { playState, effect }) =>
      playState === "running" && Number.isFinite(Number(effect?.getComputedTiming().endTime));
    const moving = document.getAnimations().filter(ends);
    const longest = new Promise((resolve) => setTimeout(resolve, 2000)); // What is hidden meanwhile never finishes.
    await Promise.race([Promise.allSettled(moving.map(({ finished }) => finished)), longest]);
  });
}

/**
 * What is out of place. As one string, since Playwright takes seconds to pass the thousands of objects of a long page.
 *
 * @param {Page} page
 */
export async function faultsOf(page) {
  await settled(page);
  return faults(JSON.parse(await page.evaluate(`JSON.stringify((${collect})())`)));
}

/** @param {Page} page @param {string} what */
export async function assertInPlace(page, what) {
  assert.deepEqual(await faultsOf(page), [], what);
}
