/** WebGPU, on the processor here: it gives Python's answers, is fetched only when it is chosen, and is kept. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { choice, goldenAnswers, SOFTWARE_WEBGPU, SOME_GOLDEN } from "../harness/backends.mjs";
import { demo, ready, summary } from "../harness/drive.mjs";
import { setup } from "../harness/setup.mjs";

const shared = setup({ flags: SOFTWARE_WEBGPU, server: { isolated: true } });
const WEBGPU_FILE = /\/ort\/.*(webgpu|asyncify)/;

for (const [model, most] of SOME_GOLDEN) {
  test(`${model} gives Python's answers on WebGPU`, async () => {
    await goldenAnswers(shared, model, most, { runtime: "webgpu", threads: 1 });
  });
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
