/**
 * What the networks run on, in a browser: threads give Python's answers, and a choice that does not work leads back to
 * WebAssembly with one thread. `long/webgpu.test.mjs` has WebGPU.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { choice, goldenAnswers, SOFTWARE_WEBGPU, SOME_GOLDEN } from "./harness/backends.mjs";
import { demo, ready, summary } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup({ flags: SOFTWARE_WEBGPU, server: { isolated: true } });
const WEBGPU_FILE = /\/ort\/.*(webgpu|asyncify)/;

for (const [model, most] of SOME_GOLDEN) {
  test(`${model} gives Python's answers on two threads`, async () => {
    await goldenAnswers(shared, model, most, { runtime: "wasm", threads: 2 });
  });
}

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
