/** Python's answers on another backend than the default: what its tests share. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { demo, goldenRun } from "./drive.mjs";
import { where, wrong } from "./golden-compare.mjs";
import { findModels } from "./server.mjs";

/** Flags of a Chromium that runs WebGPU on the processor. */
export const SOFTWARE_WEBGPU = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
];

/**
 * How many golden inputs are asked of a network that has its weights inside, and of one that shares them: software is slow
 * at this.
 */
export const SOME_GOLDEN = Object.entries({ "mnist-badnet": 3, "dogs-student-latent": 1 }).filter(([id]) =>
  existsSync(join(findModels().get(id) ?? "", "golden.json")),
);

/**
 * A network's answers on a backend, against Python's.
 *
 * @param {ReturnType<typeof import("./setup.mjs").setup>} shared
 * @param {string} model
 * @param {number} most how many golden inputs
 * @param {import("../../../site_assets/widgets/core/backend.mjs").Backend} backend
 */
export async function goldenAnswers(shared, model, most, backend) {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    const { rows, used } = await goldenRun(page, model, { backend, most });
    assert.equal(used.gpu > 0, backend.runtime === "webgpu");
    assert.equal(used.threads, backend.threads - 1, "besides the worker's own");
    assert.ok(rows.length >= most);
    for (const row of rows) assert.deepEqual(wrong(row), [], where(row));
  });
}

/** The widget's choice of what it runs on. @param {import("playwright-core").Page} page */
export const choice = (page) => demo(page).getByLabel("Runs on");
