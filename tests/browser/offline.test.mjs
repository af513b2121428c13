/**
 * A small site with the options `offline` and `anywhere`, served at an address that it was not built for: instant
 * navigation, reading and drawing without a network, and a new version while a tab is open.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DIGITS, demo, draw, eventually, ready, summary } from "./harness/drive.mjs";
import { findModels, ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const folder = mkdtempSync(join(tmpdir(), "offline-"));
after(() => rmSync(folder, { recursive: true }));
const siteDir = join(folder, "site");
const sample = join(ROOT, "tests/golden/inputs/alpha.png");
const ids = findModels().has("mnist-clean") ? ["mnist-clean", "mnist-badnet"] : ["digits-clean", "digits-badnet"];

/** Build the site. @param {string} word on every page */
function build(word) {
  mkdirSync(join(folder, "docs"), { recursive: true });
  const block = ["```onnx-demo", `models: [${ids}]`, `samples: [{src: "${sample}", alt: A seven}]`, "```"];
  const pages = { index: ["# Home", "", word, "", ...block], one: ["# One", "", word], two: ["# Two", "", word] };
  for (const [name, lines] of Object.entries(pages))
    writeFileSync(join(folder, "docs", `${name}.md`), lines.join("\n"));
  const options = { models: [join(ROOT, "site_assets/models"), join(ROOT, "runs/models")], csp: true };
  const config = {
    site_name: "Small",
    site_url: "http://127.0.0.1:8000/elsewhere/",
    site_dir: siteDir,
    theme: { name: "material", font: false, features: ["navigation.instant", "navigation.tabs"] },
    plugins: [
      {
        "onnx-widgets": {
          ...options,
          runtime_dir: join(ROOT, "node_modules/onnxruntime-web/dist"),
          anywhere: true,
          offline: true,
        },
      },
    ],
    extra: { generator: false },
  };
  writeFileSync(join(folder, "mkdocs.yml"), JSON.stringify(config));
  execFileSync(join(ROOT, ".venv/bin/mkdocs"), ["build", "--strict", "--quiet", "-f", join(folder, "mkdocs.yml")], {
    env: { ...process.env, NO_MKDOCS_2_WARNING: "1" },
  });
}

build("first version");
const shared = setup({ server: { siteDir } });

/** Wait until the page is controlled by a service worker. @param {import("playwright-core").Page} page */
const kept = (page) => page.waitForFunction(() => navigator.serviceWorker.controller !== null);

test("instant navigation works at another port and below another path than those of the build", async () => {
  await shared.withPage(async (page) => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(shared.server.url);
    let loads = 0;
    page.on("load", () => {
      loads += 1;
    });
    for (const name of ["One", "Two"]) {
      await page.locator(".md-tabs__link", { hasText: name }).click();
      await page.locator("h1", { hasText: name }).waitFor();
    }
    assert.equal(loads, 0);
  });
});

test("without a network, every page opens, a sample, a drawing and a photo are answered", async () => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    await ready(page);
    await kept(page);
    shared.server.setFaults([{ path: /.*/, kind: "down" }]);
    for (const name of ["one", "two"]) {
      await page.goto(`${shared.server.url}${name}/`);
      await page.getByText("first version").waitFor();
    }
    await page.goto(shared.server.url);
    await ready(page);
    await demo(page).locator(".ow-sample").first().click();
    await summary(page);
    await draw(page, DIGITS[7]);
    await summary(page, /say 7/);
    const chooser = page.waitForEvent("filechooser");
    await demo(page).getByRole("button", { name: "Photo" }).click();
    await (await chooser).setFiles(sample);
    await demo(page).locator('.ow-stage[data-shown="photo"]').waitFor();
    await summary(page);
  });
});

test("who chooses threads gets an isolated page from the service worker, now and at the next visit", async () => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    await ready(page);
    const said = await summary(page);
    await kept(page);
    assert.equal(await page.evaluate(() => crossOriginIsolated), false);
    const choice = demo(page).getByLabel("Runs on");
    const option = choice.locator("option", { hasText: "threads" });
    await option.waitFor({ state: "attached" });
    const label = /** @type {string} */ (await option.textContent());
    await Promise.all([page.waitForEvent("load"), choice.selectOption({ label })]);
    for (const visit of ["at once", "later"]) {
      await ready(page);
      assert.equal(await page.evaluate(() => crossOriginIsolated), true, visit);
      assert.equal(await summary(page), said);
      assert.match(await choice.inputValue(), /^wasm-[2-9]$/);
      await page.goto(shared.server.url);
    }
    await ready(page);
    await choice.selectOption({ label: "WebAssembly, 1 thread" });
    await ready(page);
    await summary(page);
    await page.goto(shared.server.url);
    assert.equal(await page.evaluate(() => crossOriginIsolated), false);
  });
});

test("a new version waits while a tab shows the old one, and replaces all of it when the reader wants it", async () => {
  await shared.withPage(async (page, context) => {
    await page.goto(`${shared.server.url}one/`);
    await kept(page);
    build("second version");
    try {
      await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
      const other = await context.newPage();
      await other.goto(`${shared.server.url}two/`);
      await other.getByText("first version").waitFor();
      await other.getByText("A new version of this site is ready.").waitFor();
      await other.getByRole("button", { name: "Reload" }).click();
      for (const tab of [page, other]) await tab.getByText("second version").waitFor();
      await eventually(async () => {
        const names = await page.evaluate(() => caches.keys());
        assert.equal(names.filter((name) => name.startsWith("site-")).length, 1);
      });
    } finally {
      build("first version");
    }
  });
});
