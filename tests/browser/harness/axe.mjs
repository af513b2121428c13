/** What axe finds on a page, once nothing on it moves: colours between two states are nobody's to judge. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./server.mjs";

const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

/**
 * @param {import("playwright-core").Page} page
 * @param {string} [within] a selector of the part that is examined; the whole page by default
 * @returns {Promise<string[]>} a line a violation
 */
export async function violations(page, within) {
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== "running"));
  await page.evaluate(AXE);
  const found = await page.evaluate(
    (part) => /** @type {any} */ (globalThis).axe.run(part ?? document, { resultTypes: ["violations"] }),
    within,
  );
  return found.violations.map(
    (/** @type {any} */ each) => `${each.id}: ${each.nodes.map((/** @type {any} */ node) => node.html).join(" | ")}`,
  );
}
