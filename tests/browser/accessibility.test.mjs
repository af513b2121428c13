/** axe finds nothing, in light and dark, wide and narrow, before and after the trigger, and when something failed. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DIGITS, demo, draw, ready, summary } from "./harness/drive.mjs";
import { ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

/** @param {import("playwright-core").Page} page */
async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    /** @type {any} */ (globalThis).axe.run(document, { resultTypes: ["violations"] }),
  );
  return found.violations.map(
    (/** @type {any} */ each) => `${each.id}: ${each.nodes.map((/** @type {any} */ node) => node.html).join(" | ")}`,
  );
}

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1000, 360]) {
    test(`axe: nothing at ${width} pixels, ${colorScheme}`, async (context) => {
      await shared.withPage(
        async (page) => {
          await page.goto(shared.server.url);
          await ready(page);
          assert.deepEqual(await violations(page), [], "with a sample");
          await draw(page, DIGITS[7]);
          await demo(page).getByRole("switch").click();
          await summary(page, /turns/);
          await page.waitForTimeout(700);
          assert.deepEqual(await violations(page), [], "with the trigger");
          context.diagnostic(`axe violations at ${width} pixels, ${colorScheme}: 0`);
        },
        { colorScheme, viewport: { width, height: 900 } },
      );
    });
  }

  test(`axe: nothing while a failure is shown, ${colorScheme}`, async () => {
    await shared.withPage(
      async (page) => {
        shared.server.setFaults([{ path: /\.onnx$/, kind: "html-404" }]);
        await page.goto(shared.server.url);
        await demo(page).locator("[data-state=failed]").waitFor();
        assert.deepEqual(await violations(page), []);
      },
      { colorScheme },
    );
  });
}
