/** The camera: a fake one, none, and one that is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DIGITS, demo, draw, summary } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup({ flags: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] });

/** @param {import("playwright-core").Page} page */
const start = (page) => demo(page).getByRole("button", { name: "Camera", exact: true }).click();
/** @param {import("playwright-core").Page} page */
const live = (page) => demo(page).locator('.ow-stage[data-shown="camera"]');
/** The camera's live tracks. @param {import("playwright-core").Page} page @returns {Promise<string[]>} their ids */
const tracks = (page) =>
  page.evaluate(() => {
    const video = /** @type {HTMLVideoElement | null} */ (document.querySelector(".ow-video"));
    const stream = /** @type {MediaStream | null} */ (video?.srcObject ?? null);
    const live = stream?.getVideoTracks().filter((track) => track.readyState === "live") ?? [];
    return live.map((track) => track.id);
  });

test("the camera is answered live, stops when asked, and leaves its last picture", async () => {
  await shared.withDemo(async (page) => {
    await start(page);
    await live(page).waitFor();
    await demo(page).locator(":scope[data-answered]").waitFor();
    assert.equal((await tracks(page)).length, 1);
    await demo(page).getByRole("button", { name: "Stop" }).click();
    await demo(page).locator('.ow-stage[data-shown="photo"]').waitFor();
    assert.equal((await tracks(page)).length, 0);
    assert.equal(await demo(page).getByRole("button", { name: "Camera", exact: true }).isVisible(), true);
  });
});

test("drawing over the camera's picture stops the camera and is answered", async () => {
  await shared.withDemo(async (page) => {
    await start(page);
    await live(page).waitFor();
    await demo(page).locator(":scope[data-answered]").waitFor();
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    assert.equal((await tracks(page)).length, 0);
    assert.equal(await demo(page).locator('.ow-stage[data-shown="ink"]').count(), 1);
  });
});

test("the camera stops when the page is hidden", async () => {
  await shared.withDemo(async (page) => {
    await start(page);
    await live(page).waitFor();
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      Reflect.deleteProperty(document, "hidden");
    });
    await live(page).waitFor({ state: "detached" });
    assert.equal((await tracks(page)).length, 0);
  });
});

test("the camera stops when the element leaves the page", async () => {
  await shared.withDemo(async (page) => {
    await start(page);
    await live(page).waitFor();
    const states = await page.evaluate(() => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector(".ow-video"));
      const stream = /** @type {MediaStream} */ (video.srcObject);
      document.querySelector("onnx-demo")?.remove();
      return stream.getTracks().map((track) => track.readyState);
    });
    assert.deepEqual(states, ["ended"]);
  });
});

test("the other camera can be chosen where there are two", async () => {
  await shared.withDemo(async (page) => {
    await page.evaluate(() => {
      const original = navigator.mediaDevices.enumerateDevices;
      navigator.mediaDevices.enumerateDevices = async () => {
        const found = await original.call(navigator.mediaDevices);
        const cameras = found.filter((device) => device.kind === "videoinput");
        return [...found, ...cameras];
      };
    });
    await start(page);
    await live(page).waitFor();
    const [first] = await tracks(page);
    await demo(page).getByRole("button", { name: "Use the other camera" }).click();
    await page.waitForFunction((before) => {
      const video = /** @type {HTMLVideoElement | null} */ (document.querySelector(".ow-video"));
      const stream = /** @type {MediaStream | null} */ (video?.srcObject ?? null);
      return stream?.getVideoTracks().some((track) => track.readyState === "live" && track.id !== before);
    }, first);
    await live(page).waitFor();
    assert.equal((await tracks(page)).length, 1);
  });
});

for (const [name, pattern] of /** @type {const} */ ([
  ["NotAllowedError", /camera was not allowed/],
  ["NotFoundError", /No camera was found/],
  ["NotReadableError", /camera is in use/],
])) {
  test(`${name} is told in words and the button works again`, async () => {
    await shared.withDemo(async (page) => {
      await page.evaluate((error) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", error));
      }, name);
      await start(page);
      await demo(page).locator("[role=alert]").filter({ hasText: pattern }).waitFor();
      assert.equal(await demo(page).getByRole("button", { name: "Camera", exact: true }).isEnabled(), true);
    });
  });
}
