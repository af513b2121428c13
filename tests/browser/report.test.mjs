/** The widgets of a built report (SITE_DIR, or `site/`): each page's answers, without shifting or blocking the page. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { answers, DIGITS, demo, draw, ready, summary } from "./harness/drive.mjs";
import { ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const SITE = process.env.SITE_DIR ?? join(ROOT, "site");
const skip = existsSync(join(SITE, "index.html")) ? false : `no built site in ${SITE}: run \`make site\``;
const pages = skip
  ? []
  : readdirSync(SITE, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("index.html"));
const withWidgets = pages.filter((path) => readFileSync(join(SITE, path), "utf8").includes("<onnx-demo"));

const shared = setup({ server: { siteDir: SITE } });

test("the report has pages with widgets", { skip }, () => {
  assert.ok(withWidgets.length > 0);
});

for (const path of withWidgets.map((each) => each.replace(/index\.html$/, ""))) {
  for (const width of [1280, 360]) {
    test(`/${path} at ${width} pixels: every widget answers a drawing; nothing shifts`, { skip }, async (context) => {
      await shared.withPage(
        async (page) => {
          await page.addInitScript(() => {
            const seen = { shift: 0, longest: 0 };
            Object.assign(globalThis, { seen });
            new PerformanceObserver((list) => {
              for (const entry of /** @type {any[]} */ (list.getEntries()))
                if (!entry.hadRecentInput) seen.shift += entry.value;
            }).observe({ type: "layout-shift", buffered: true });
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration);
            }).observe({ type: "longtask", buffered: true });
          });
          await page.goto(shared.server.url + path);
          const count = await page.locator("onnx-demo").count();
          for (let which = 0; which < count; which++) {
            await ready(page, which);
            await draw(page, DIGITS[7], which);
            await demo(page, which).locator('.ow-stage[data-shown="ink"]').waitFor();
            await summary(page, /say|trigger/i, which);
            for (const { now } of await answers(page, which)) assert.match(now, /^\d$/);
          }
          const { shift, longest } = await page.evaluate(() => /** @type {any} */ (globalThis).seen);
          context.diagnostic(
            `/${path}: ${count} widgets, layout shift ${shift.toFixed(4)}, longest block ${longest.toFixed(0)} ms`,
          );
          assert.ok(shift < 0.05, `cumulative layout shift ${shift}`);
        },
        { viewport: { width, height: 800 } },
      );
    });
  }
}
