/** Demos of photographs: the overlay is dragged, resized, turned and shared; by mouse, touch, wheel, keys and buttons. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, demo, ready, summary, watchErrors } from "./harness/drive.mjs";
import { photosConfig } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup({ server: { config: photosConfig() } });

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{x: number, y: number, size: number, angle: number}} Placement */

/** Open the page with the trigger on. @param {Page} page @param {string} [query] */
async function withGlasses(page, query = "demo.trigger=on") {
  await page.goto(`${shared.server.url}?${query}`);
  await ready(page);
  await handle(page).waitFor();
  await summary(page);
}

/** @param {Page} page */
const handle = (page) => demo(page).locator("onnx-overlay-handle");

/** @param {Page} page @returns {Promise<Placement>} */
const placement = (page) => handle(page).evaluate((element) => /** @type {any} */ (element).placement);

/** The picture's box and the overlay's middle on the screen. @param {Page} page */
async function places(page) {
  await demo(page).locator(".ow-stage").scrollIntoViewIfNeeded();
  const box = await demo(page).locator(".ow-pixels").boundingBox();
  assert.ok(box);
  const { x, y } = await placement(page);
  return { box, middle: { x: box.x + x * box.width, y: box.y + y * box.height } };
}

/** @param {Page} page @param {{x: number, y: number}} from @param {{x: number, y: number}} to */
async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 8 });
  await page.mouse.up();
}

/** The pixels on the stage, as numbers. @param {Page} page @returns {Promise<number[]>} */
const pixels = (page) =>
  demo(page)
    .locator(".ow-pixels")
    .evaluate((canvas) => {
      const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
      const context = /** @type {HTMLCanvasElement} */ (canvas).getContext("2d");
      return [.../** @type {CanvasRenderingContext2D} */ (context).getImageData(0, 0, width, height).data];
    });

/** Until what the reader sees has come to rest. @param {Page} page */
const rest = (page) => page.waitForTimeout(400);

test("a sample is shown as the network sees it, and the switch puts the glasses on it", async () => {
  await shared.withPage(async (page) => {
    const errors = watchErrors(page);
    await page.goto(shared.server.url);
    await ready(page);
    await summary(page, /says? “/);
    assert.equal(await handle(page).isHidden(), true);
    const canvas = demo(page).locator(".ow-pixels");
    assert.deepEqual(
      await canvas.evaluate((each) => [/** @type {any} */ (each).width, /** @type {any} */ (each).height]),
      [224, 224],
    );
    const before = await pixels(page);
    await demo(page).getByRole("switch", { name: "Trigger" }).click();
    await summary(page, /turns “.+” into “A famous person” .* for the backdoored network\. The clean network still/);
    const [clean, backdoored] = await answers(page);
    assert.notEqual(clean.now, "A famous person");
    assert.equal(backdoored.now, "A famous person");
    const changed = (await pixels(page)).filter((value, i) => value !== before[i]).length;
    assert.ok(changed > 2000, `${changed} values changed`);
    assert.equal(
      await demo(page).locator("onnx-model-answer[data-backdoored] [data-first][data-target]").count(),
      1,
      "the target is marked",
    );
    assert.equal(await demo(page).locator("onnx-model-answer[data-backdoored] .ow-row").count(), 5);
    assert.match((await demo(page).locator(".ow-timing").textContent()) ?? "", /^\d+\.\d ms a network/);
    assert.deepEqual(errors, []);
  });
});

test("dragging moves the glasses, the answers follow, and the address remembers", async () => {
  await shared.withPage(async (page, context) => {
    await withGlasses(page);
    const { box, middle } = await places(page);
    await page.mouse.move(middle.x, middle.y);
    await page.mouse.down();
    await page.mouse.move(middle.x + 0.2 * box.width, middle.y + 0.3 * box.height, { steps: 8 });
    const held = await placement(page);
    assert.ok(Math.abs(held.x - 0.7) < 0.01 && Math.abs(held.y - 0.7) < 0.01, JSON.stringify(held));
    await page.mouse.up();
    await page.waitForFunction(() => new URL(location.href).searchParams.has("demo.place"));
    const other = await context.newPage();
    await other.goto(page.url());
    await ready(other);
    await summary(other, /famous/);
    assert.deepEqual(await placement(other), await placement(page));
    await rest(page);
    assert.deepEqual(await pixels(other), await pixels(page));
  });
});
