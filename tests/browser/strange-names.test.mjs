/** Titles and labels that strangers wrote: markup, other directions, control characters, endless words. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../site_assets/widgets/core/sha256.mjs";
import { printable } from "../../site_assets/widgets/core/text.mjs";
import { demo, summary, watchErrors } from "./harness/drive.mjs";
import { faults } from "./harness/layout-faults.mjs";
import { collect } from "./harness/layout-page.mjs";
import { harnessPage } from "./harness/page.mjs";
import { defaultConfig, ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();

test("a stranger's names are shown as text, and break no layout", async () => {
  const long = "W".repeat(500);
  const labels = ["<script>", "\u202etfel", "\u05e9\u05d1\u05e2 \u0661", "👩‍👩‍👧‍👦".repeat(20), long];
  labels.push("a\nb", "a\rb", "a\tb", "\0", "a\u2028b");
  await shared.withPage(async (page) => {
    const errors = watchErrors(page);
    await page.setViewportSize({ width: 320, height: 844 });
    const config = defaultConfig();
    config.title = config.models[0].title = config.samples[0].alt = `<img src=x onerror=alert(1)>${long}`;
    config.models[1].title = "\u05e9\u05d1\u05e2 ".repeat(100);
    for (const model of config.models) {
      const card = JSON.parse(readFileSync(join(ROOT, "site_assets", model.card), "utf8"));
      const body = JSON.stringify({ ...card, labels });
      await page.route(`**/${model.card}`, (route) => route.fulfill({ body, contentType: "application/json" }));
      Object.assign(model, { bytes: Buffer.byteLength(body), sha256: await sha256(Buffer.from(body)) });
    }
    await page.route(shared.server.url, (route) =>
      route.fulfill({ body: harnessPage(config), contentType: "text/html" }),
    );
    await page.goto(shared.server.url);
    await summary(page, /say/);
    for (const width of [320, 1000]) {
      await page.setViewportSize({ width, height: 844 });
      assert.deepEqual(faults(await page.evaluate(collect)), [], `${width} pixels`);
    }
    assert.equal(await demo(page).locator("script, img[src=x]").count(), 0);
    const shown = await demo(page).locator(".ow-label").allTextContents();
    assert.deepEqual(shown, [...labels, ...labels].map(printable));
    assert.deepEqual(errors, []);
  });
});
