/** What the report shows of its networks' insides: a photo's dot on a plane, and the channels of a digit. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./harness/axe.mjs";
import { DIGITS, draw, eventually, watchErrors } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";
import { buildSite } from "./harness/site.mjs";

const { siteDir, port, home } = await buildSite();
const shared = setup({ server: { siteDir, port } });

/** @param {string} path @param {(page: import("playwright-core").Page) => Promise<void>} body */
function visit(path, body) {
  return shared.withPage(
    async (page) => {
      const errors = watchErrors(page);
      await page.goto(home + path);
      await body(page);
      assert.deepEqual(errors, []);
    },
    { reducedMotion: "reduce", serviceWorkers: "block" }, // One would store the whole site on each visit.
  );
}

test("a photo is a dot that moves with the trigger, and nothing of it is fetched before the reader is there", async () => {
  await visit("latent/", async (page) => {
    const demo = page.locator("#inside");
    const fetched = () =>
      shared.server.requests.filter((path) => /\/inside\.\w+\.bin$|inside\/figures\.mjs$/.test(path));
    await page.locator("#latent[data-live]").waitFor();
    assert.deepEqual(fetched(), []);
    assert.equal(await demo.locator(".ow-plane svg").count(), 2, "the plane is there without it");
    await demo.scrollIntoViewIfNeeded();
    await page.locator("#inside[data-answered]").waitFor();
    assert.equal(fetched().length, 3, "an appendix for each network, and the module");
    const wheres = demo.locator(".ow-where");
    const image = demo.locator(".ow-left > .ow-caption");
    assert.doesNotMatch((await image.textContent()) ?? "", /Your image/);
    await wheres
      .first()
      .filter({ hasText: /^Your image: \d/ })
      .waitFor();
    const before = await wheres.allTextContents();
    await demo.getByRole("switch", { name: "Trigger" }).click();
    await wheres
      .first()
      .filter({ hasText: /^Your image with the trigger: \d/ })
      .waitFor();
    assert.equal(await demo.locator(".ow-you[data-moved]").count(), 2, "its place without the trigger is marked");
    const stamped = await wheres.allTextContents();
    assert.notDeepEqual(stamped, before);
    const place = () => demo.locator(".ow-dot").last().getAttribute("style");
    const dot = await place();
    await demo.locator("onnx-overlay-handle").focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowDown");
    await eventually(async () => assert.notEqual(await place(), dot, "the arrow keys move the glasses, and the dot"));
    await eventually(async () =>
      assert.match((await demo.locator("p[role=status][aria-live]").textContent()) ?? "", /features lie nearest to/),
    );
    assert.deepEqual(await violations(page), []);
    const dragged = await wheres.allTextContents();
    const src = await page.locator("#latent .ow-sample img").last().getAttribute("src");
    const buffer = await (await page.request.get(new URL(src ?? "", page.url()).href)).body();
    await page.locator("#latent .ow-file").setInputFiles({ name: "mine.jpg", mimeType: "image/jpeg", buffer });
    await image.filter({ hasText: "Your image" }).waitFor();
    await eventually(async () =>
      assert.notDeepEqual(await wheres.allTextContents(), dragged, "the reader's own photo"),
    );
  });
});

test("a drawn digit's channels are shown, and silencing those that the trigger moves undoes the attack", async () => {
  await visit("regular/", async (page) => {
    const demo = page.locator("#inside");
    assert.equal(await demo.locator(".ow-undrawn").first().isVisible(), true, "words where the maps will be");
    await demo.scrollIntoViewIfNeeded();
    await page.locator("#inside[data-answered]").waitFor();
    await demo.locator(".ow-channels[data-drawn]").waitFor();
    assert.equal(await demo.locator(".ow-undrawn").first().isVisible(), false);
    await demo.getByRole("button", { name: "Draw your own" }).click();
    const which = await demo.evaluate((element) => [...document.querySelectorAll("onnx-demo")].indexOf(element));
    await draw(page, DIGITS[7], which);
    const where = demo.locator(".ow-silence .ow-where");
    await where
      .filter({ hasText: /^The trigger turns 7 into 8\. Here it moves channels \d+, \d+ and \d+ most\.$/ })
      .waitFor();
    /** How many pixels the trigger has coloured: orange is redder than it is blue. */
    const coloured = () =>
      demo.locator(".ow-maps canvas").evaluateAll((canvases) =>
        canvases.map((canvas) => {
          const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
          const pixels =
            /** @type {HTMLCanvasElement} */ (canvas).getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
          let count = 0;
          for (let i = 0; i < pixels.length; i += 4) if (pixels[i] > pixels[i + 2] + 20) count++;
          return count;
        }),
      );
    const [without, withTrigger] = await coloured();
    assert.equal(without, 0);
    assert.ok(withTrigger > 20, `${withTrigger} pixels`);
    const slider = demo.getByRole("slider");
    const success = demo.locator(".ow-bad-key");
    const untouched = await success.textContent();
    await slider.focus();
    await slider.fill("40");
    await where.filter({ hasText: /^Without these 40 the network says 7 with the trigger too/ }).waitFor();
    assert.notEqual(await success.textContent(), untouched);
    assert.equal((await coloured())[1] < withTrigger, true, "silenced maps are crossed out");
    await page.keyboard.press("ArrowLeft");
    await demo.locator("output").filter({ hasText: "39 of 64" }).waitFor();
    assert.deepEqual(await violations(page), []);
  });
});
