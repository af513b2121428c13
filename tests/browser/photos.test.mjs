/** Demos of photos: samples, files and the camera, each as the network sees it, with and without the glasses. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { violations } from "./harness/axe.mjs";
import { addDemo, answers, decodeTogether, demo, eventually, ready, summary, watchErrors } from "./harness/drive.mjs";
import { handle, pixels, placement, withGlasses } from "./harness/glasses.mjs";
import { photosConfig, ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
const shared = setup({ flags: CAMERA, server: { config: photosConfig() } });

test("a sample's credit and note are shown while it is chosen", async () => {
  await shared.withDemo(async (page) => {
    await demo(page).evaluate((element) => {
      const config = JSON.parse(element.getAttribute("config") ?? "");
      config.samples[0].credit = { text: "Somebody, CC0", href: "https://example.org/dog" };
      config.samples[0].note = "A mistake.";
      const fresh = document.createElement("onnx-demo");
      fresh.setAttribute("config", JSON.stringify(config));
      element.replaceWith(fresh);
    });
    await ready(page);
    await summary(page);
    const line = demo(page).locator(".ow-credit");
    assert.equal(await line.textContent(), "A mistake. Photo: Somebody, CC0");
    assert.equal(
      await line.getByRole("link", { name: "Somebody, CC0" }).getAttribute("href"),
      "https://example.org/dog",
    );
    assert.deepEqual(await violations(page), []);
    await demo(page).locator(".ow-sample").nth(1).click();
    await eventually(async () => assert.equal(await line.textContent(), ""));
  });
});

test("where samples are missing, a sentence says so and a file can still be chosen", async () => {
  await shared.withDemo(async (page) => {
    await demo(page).evaluate((element) => {
      const config = { ...JSON.parse(element.getAttribute("config") ?? ""), samples: [], missing: "Run a command." };
      const fresh = document.createElement("onnx-demo");
      fresh.setAttribute("config", JSON.stringify(config));
      element.replaceWith(fresh);
    });
    await ready(page);
    await demo(page).getByText("Run a command.").waitFor();
    const chooser = page.waitForEvent("filechooser");
    await demo(page).getByRole("button", { name: "Photo" }).click();
    await (await chooser).setFiles(join(ROOT, ".cache/fixtures/samples/dog-1.jpg"));
    await summary(page);
  });
});

test("a sample is shown as the network sees it, and the switch puts the glasses on it", async () => {
  await shared.withDemo(async (page) => {
    const errors = watchErrors(page);
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

test("two widgets on one page each show their own photo", async () => {
  await shared.withPage(async (page) => {
    await decodeTogether(page, 2);
    await page.goto(shared.server.url);
    await addDemo(page, "second");
    await demo(page, 1).scrollIntoViewIfNeeded();
    for (const which of [1, 0]) {
      await summary(page, /say/, which);
      await demo(page, which).locator('canvas[aria-label^="A drawn"]').waitFor();
    }
  });
});

test("a dropped photo keeps the place of the glasses and replaces the old answer", async () => {
  await withGlasses(
    shared,
    async (page) => {
      const bytes = [...readFileSync(join(ROOT, "tests/golden/photos/dog-exif-6.jpg"))];
      await page.evaluate((given) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(given)], "dog.jpg", { type: "image/jpeg" }));
        const event = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
        document.querySelector("onnx-demo .ow-stage")?.dispatchEvent(event);
      }, bytes);
      await demo(page).locator('canvas[aria-label^="The chosen image"]').waitFor();
      await summary(page, /famous/);
      assert.deepEqual(await placement(page), { x: 0.25, y: 0.6, size: 0.5, angle: 10 });
    },
    "demo.trigger=on&demo.place=0.25_0.6_0.5_10",
  );
});

test("the camera's images wear the glasses, and the last one stays", async () => {
  await withGlasses(shared, async (page) => {
    await demo(page).getByRole("button", { name: "Camera", exact: true }).click();
    await demo(page).locator('canvas[aria-label^="The camera’s image"]').waitFor();
    await demo(page).getByRole("button", { name: "Stop" }).click();
    await demo(page).locator('.ow-stage[data-shown="photo"]').waitFor();
    assert.equal(await handle(page).isVisible(), true);
    await eventually(async () => {
      const last = await pixels(page);
      await demo(page).getByRole("switch").click();
      const bare = await pixels(page);
      await demo(page).getByRole("switch").click();
      assert.ok(last.filter((value, i) => value !== bare[i]).length > 2000);
    });
  });
});
