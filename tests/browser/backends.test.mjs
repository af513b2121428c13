/**
 * What the networks run on, in a browser: WebGPU (in software here) and threads give Python's answers, a choice is kept, and
 * one that does not work leads back to WebAssembly with one thread.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { demo, goldenRun, ready, summary } from "./harness/drive.mjs";
import { where, wrong } from "./harness/golden-compare.mjs";
import { findModels } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const flags = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];
const shared = setup({ flags, server: { isolated: true } });
const WEBGPU_FILE = /\/ort\/.*(webgpu|asyncify)/;
/** How many golden inputs of a network that has its weights inside, and of one that shares them; software is slow at this. */
const MODELS = Object.entries({ "mnist-badnet": 3, "dogs-student-latent": 1 });
const golden = MODELS.filter(([id]) => existsSync(join(findModels().get(id) ?? "", "golden.json")));
/** @type {import("../../site_assets/widgets/core/backend.mjs").Backend[]} */
const BACKENDS = [
  { runtime: "wasm", threads: 2 },
  { runtime: "webgpu", threads: 1 },
];

/** @param {import("playwright-core").Page} page */
const choice = (page) => demo(page).getByLabel("Runs on");

for (const backend of BACKENDS) {
  for (const [model, most] of golden) {
    test(`${model} gives Python's answers on ${backend.runtime}, threads: ${backend.threads}`, async () => {
      await shared.withPage(async (page) => {
        await page.goto(shared.server.url);
        const { rows, used } = await goldenRun(page, model, { backend, most });
        assert.equal(used.gpu > 0, backend.runtime === "webgpu");
        assert.equal(used.threads, backend.threads - 1, "besides the worker's own");
        assert.ok(rows.length >= most);
        for (const row of rows) assert.deepEqual(wrong(row), [], where(row));
      });
    });
  }
}

test("WebGPU is fetched when it is chosen and not before, answers, and is kept from visit to visit", async () => {
  await shared.withPage(async (page) => {
    const before = shared.server.requests.length;
    const fetched = () => shared.server.requests.slice(before).filter((path) => WEBGPU_FILE.test(path));
    await page.goto(shared.server.url);
    await ready(page);
    const said = await summary(page);
    await choice(page).locator("option", { hasText: "WebGPU" }).waitFor({ state: "attached" });
    assert.deepEqual(fetched(), []);
    await choice(page).selectOption({ label: "WebGPU" });
    await demo(page).locator("onnx-load-progress:not([data-state=done])").waitFor();
    await ready(page);
    assert.ok(fetched().length >= 3, fetched().join());
    assert.equal(await summary(page), said);
    await page.reload();
    await ready(page);
    assert.equal(await summary(page), said);
    assert.equal(await choice(page).inputValue(), "webgpu");
    assert.equal(await demo(page).locator(".ow-note").textContent(), "");
  });
});

test("a backend that does not start leads back to the default, with a reason", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WEBGPU_FILE, kind: "html-404" }]);
    await page.goto(shared.server.url);
    await ready(page);
    await choice(page).locator("option", { hasText: "WebGPU" }).waitFor({ state: "attached" });
    await choice(page).selectOption({ label: "WebGPU" });
    await demo(page)
      .locator(".ow-note")
      .filter({ hasText: /^WebGPU: not here\. .+ The networks run on WebAssembly, 1 thread\.$/ })
      .waitFor();
    await ready(page);
    await summary(page);
    assert.equal(await choice(page).inputValue(), "wasm-1");
    await page.reload();
    await ready(page);
    assert.equal(await choice(page).inputValue(), "wasm-1");
  });
});

test("on an isolated page threads are a choice that takes no reload", async () => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    await ready(page);
    const said = await summary(page);
    await choice(page).selectOption({ label: /** @type {string} */ (await threads(page)) });
    await demo(page).locator("onnx-load-progress:not([data-state=done])").waitFor();
    await ready(page);
    assert.equal(await summary(page), said);
    assert.match(await choice(page).inputValue(), /^wasm-[2-9]$/);
  });
});

/** @param {import("playwright-core").Page} page */
function threads(page) {
  return choice(page).locator("option", { hasText: "threads" }).textContent();
}
