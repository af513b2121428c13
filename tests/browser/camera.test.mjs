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

/** As another tab in front of it does. @param {import("playwright-core").Page} page */
const hidePage = (page) =>
  page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    Reflect.deleteProperty(document, "hidden");
  });

test("the camera is answered live, stops when asked, and leaves its last image", async () => {
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

test("drawing over the camera's image stops the camera and is answered", async () => {
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
    await hidePage(page);
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

/**
 * Two cameras, of which the second is given when `letGo` is called, or not at all.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} [error] what the second one fails with
 */
function holdSecondCamera(page, error) {
  return page.evaluate((failure) => {
    const devices = navigator.mediaDevices;
    const { getUserMedia, enumerateDevices } = devices;
    /** @type {MediaStream[]} */
    const given = [];
    Object.assign(globalThis, { given, letGo() {} });
    devices.getUserMedia = async (wanted) => {
      if (given.length === 1) await new Promise((resolve) => Object.assign(globalThis, { letGo: resolve }));
      if (given.length === 1 && failure) throw new DOMException("no", failure);
      const stream = await getUserMedia.call(devices, wanted);
      given.push(stream);
      return stream;
    };
    devices.enumerateDevices = async () => {
      const found = await enumerateDevices.call(devices);
      return [...found, ...found];
    };
  }, error);
}

/** Until the camera has given an image. @param {import("playwright-core").Page} page */
const framed = (page) =>
  page.evaluate(async () => {
    await new Promise((resolve) => document.addEventListener("frame", resolve, { once: true }));
  });

/** @param {import("playwright-core").Page} page */
const letGo = (page) => page.evaluate(() => /** @type {any} */ (globalThis).letGo());

/** Of every camera that was given: whether it is live. @param {import("playwright-core").Page} page */
const given = (page) =>
  page.evaluate(() =>
    /** @type {MediaStream[]} */ (/** @type {any} */ (globalThis).given).flatMap((stream) =>
      stream.getTracks().map((track) => track.readyState),
    ),
  );

/** The camera is off, its last image stays, and it can be started again. @param {import("playwright-core").Page} page */
async function stoppedAndStartsAgain(page) {
  const button = (/** @type {string} */ name) => demo(page).getByRole("button", { name, exact: true });
  await demo(page).locator('.ow-stage[data-shown="photo"]').waitFor();
  assert.equal(await demo(page).locator(".ow-photo").getAttribute("aria-label"), "The last image from the camera");
  assert.equal(await button("Stop").isHidden(), true);
  assert.equal(await button("Use the other camera").isHidden(), true);
  await start(page);
  await live(page).waitFor();
  assert.equal((await tracks(page)).length, 1);
  await button("Stop").click();
  await live(page).waitFor({ state: "detached" });
}

test("when the other camera fails, the reader sees why, and the camera can be started again", async () => {
  await shared.withDemo(async (page) => {
    await holdSecondCamera(page, "NotReadableError");
    await start(page);
    await live(page).waitFor();
    await framed(page);
    await demo(page).getByRole("button", { name: "Use the other camera" }).press("Enter");
    await letGo(page);
    await demo(page)
      .locator("[role=alert]")
      .filter({ hasText: /camera is in use/ })
      .waitFor();
    assert.deepEqual(await given(page), ["ended"]);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Camera");
    await page.evaluate(() => Reflect.deleteProperty(navigator.mediaDevices, "getUserMedia"));
    await stoppedAndStartsAgain(page);
  });
});

for (const [how, act] of /** @type {[string, (page: import("playwright-core").Page) => Promise<void>][]} */ ([
  ["the page is hidden", hidePage],
  ["Stop is pressed", (page) => demo(page).getByRole("button", { name: "Stop" }).click()],
])) {
  test(`when ${how} while the other camera is starting, it stops and can be started again`, async () => {
    await shared.withDemo(async (page) => {
      await holdSecondCamera(page);
      await start(page);
      await live(page).waitFor();
      await framed(page);
      await demo(page).getByRole("button", { name: "Use the other camera" }).click();
      await act(page);
      await letGo(page);
      await stoppedAndStartsAgain(page);
      assert.deepEqual(await given(page), ["ended", "ended", "ended"]);
    });
  });
}

test("a camera whose video cannot be played is released", async () => {
  await shared.withDemo(async (page) => {
    await holdSecondCamera(page);
    await page.evaluate(() => {
      const video = /** @type {HTMLVideoElement} */ (document.querySelector(".ow-video"));
      video.play = () => Promise.reject(new DOMException("no", "AbortError"));
    });
    await demo(page).getByRole("button", { name: "Camera", exact: true }).press("Enter");
    await demo(page)
      .locator("[role=alert]")
      .filter({ hasText: /camera is in use/ })
      .waitFor();
    assert.deepEqual(await given(page), ["ended"]);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Camera");
    assert.equal(await demo(page).getByRole("button", { name: "Stop" }).isHidden(), true);
  });
});

for (const [name, pattern] of /** @type {const} */ ([
  ["NotAllowedError", /camera was not allowed/],
  ["NotFoundError", /No camera was found/],
  ["NotReadableError", /camera is in use/],
])) {
  test(`${name} is reported in words, and the button works again`, async () => {
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
