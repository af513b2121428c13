/** axe finds nothing, in light and dark, wide and narrow, before and after the trigger, and when something failed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./harness/axe.mjs";
import { DIGITS, demo, draw, summary } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1000, 360]) {
    test(`axe: nothing at ${width} pixels, ${colorScheme}`, async (context) => {
      await shared.withDemo(async (page) => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        assert.deepEqual(await violations(page), [], "with a sample");
        await draw(page, DIGITS[7]);
        await demo(page).getByRole("switch").click();
        await summary(page, /turns/);
        assert.deepEqual(await violations(page), [], "with the trigger");
        context.diagnostic(`axe violations at ${width} pixels, ${colorScheme}: 0`);
      });
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
