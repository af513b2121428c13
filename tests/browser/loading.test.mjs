/** Loading: what is fetched and when, its progress, and a reader who does not wait for the end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DIGITS, demo, draw, failureText, ready, retryWorks, summary } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
const ONNX = /\.onnx$/;
const WASM = /\.wasm$/;

test("loading shows bytes, can be cancelled and started again", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "stalled" }]);
    await page.goto(shared.server.url);
    const box = demo(page).locator("onnx-load-progress");
    await box.filter({ hasText: /[1-9][\d.]* (kB|MB) of 1\d\.\d MB/ }).waitFor();
    const value = await box.locator("progress").evaluate((bar) => /** @type {HTMLProgressElement} */ (bar).value);
    assert.ok(value > 0);
    await box.getByRole("button", { name: "Cancel" }).click();
    assert.match(await failureText(page), /cancelled/);
    shared.server.setFaults([]);
    await retryWorks(page);
  });
});

test("by keyboard: the focus stays in the widget when the focused button disappears", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "stalled" }]);
    await page.goto(shared.server.url);
    const focused = (/** @type {string} */ name) =>
      page.waitForFunction((text) => document.activeElement?.textContent?.startsWith(text), name);
    await demo(page).getByRole("button", { name: "Cancel" }).press("Enter");
    await failureText(page);
    await focused("Try again");
    shared.server.setFaults([]);
    await page.keyboard.press("Enter");
    await ready(page);
    await focused("Trigger");
    await page.keyboard.press("t");
    assert.equal(await demo(page).getByRole("switch").getAttribute("aria-checked"), "true");
  });
});

test("by keyboard: the focus stays in the widget when a failure offers no button", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "stalled" }]);
    await page.goto(shared.server.url);
    await demo(page).getByRole("button", { name: "Cancel" }).focus();
    await demo(page).evaluate(async (element) => {
      const { WidgetError } = await import(
        new URL("assets/widgets-dev/widgets/core/messages.mjs", document.baseURI).href
      );
      /** @type {any} */ (element.querySelector("onnx-load-progress")).fail(new WidgetError("no-wasm"));
    });
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("role")), "switch");
  });
});

test("screen readers hear when loading begins and ends, and nothing in between", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "stalled" }]);
    await page.goto(shared.server.url);
    const live = demo(page).locator(".ow > [aria-live=polite]");
    await live.evaluate((element) => {
      /** @type {string[]} */
      const said = [element.textContent ?? ""];
      new MutationObserver(() => said.push(element.textContent ?? "")).observe(element, { childList: true });
      Object.assign(globalThis, { said });
    });
    await live.filter({ hasText: "Loading the networks." }).waitFor({ state: "attached" });
    shared.server.setFaults([]);
    await live.filter({ hasText: / say/ }).waitFor({ state: "attached" });
    const said = await page.evaluate(() => /** @type {string[]} */ (/** @type {any} */ (globalThis).said));
    assert.deepEqual(said.filter(Boolean).slice(0, 2), ["Loading the networks.", "The networks are ready."]);
    assert.equal(said.filter(Boolean).length, 3, said.join(" | "));
  });
});

test("a drawing made while the networks load is answered once they are ready", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "stalled" }]);
    await page.goto(shared.server.url);
    await demo(page)
      .getByText(/ of 1\d\.\d MB/)
      .waitFor();
    await draw(page, DIGITS[7]);
    shared.server.setFaults([]);
    await summary(page, /Both networks say 7/);
  });
});

test("an element that is moved while it loads continues to load", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "stalled" }]);
    await page.goto(shared.server.url);
    await demo(page)
      .getByText(/ of 1\d\.\d MB/)
      .waitFor();
    await page.evaluate(() => document.querySelector("main")?.append(document.querySelector("onnx-demo") ?? ""));
    shared.server.setFaults([]);
    await ready(page);
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
  });
});

test("another precision chosen while loading replaces the first", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: /int8.*\.onnx$/, kind: "stalled" }]);
    await page.goto(shared.server.url);
    await demo(page)
      .getByText(/ of 1\d\.\d MB/)
      .waitFor();
    await demo(page).getByLabel("Weights").selectOption("fp32");
    await ready(page);
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    assert.equal(await demo(page).getByLabel("Weights").inputValue(), "fp32");
  });
});

test("with Save-Data nothing is fetched before the widget is used", async () => {
  await shared.withPage(async (page) => {
    await page.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }));
    const before = shared.server.requests.length;
    await page.goto(shared.server.url);
    await demo(page)
      .getByRole("button", { name: /^Load [\d.]+ MB/ })
      .waitFor();
    assert.deepEqual(
      shared.server.requests.slice(before).filter((path) => ONNX.test(path) || WASM.test(path)),
      [],
    );
    await draw(page, DIGITS[7]);
    await ready(page);
    await summary(page, /Both networks say 7/);
  });
});

test("with Save-Data the button that offers to load does so", async () => {
  await shared.withPage(async (page) => {
    await page.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }));
    await page.goto(shared.server.url);
    await demo(page)
      .getByRole("button", { name: /^Load [\d.]+ MB/ })
      .click();
    await ready(page);
  });
});

test("nothing is fetched while the widget is far below", async () => {
  await shared.withPage(async (page) => {
    await page.addInitScript(() => {
      // Before any script of the page runs.
      new MutationObserver((_, observer) => {
        if (!document.body) return;
        observer.disconnect();
        document.body.style.setProperty("padding-top", "4000px");
      }).observe(document, { childList: true, subtree: true });
    });
    const before = shared.server.requests.length;
    const fetched = () => shared.server.requests.slice(before).filter((path) => ONNX.test(path) || WASM.test(path));
    await page.goto(shared.server.url);
    // Built while the page had nothing to do, and seen to be far away in a frame since.
    await demo(page).locator(":scope[data-ready]").waitFor({ state: "attached" });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    assert.deepEqual(fetched(), []);
    await ready(page);
    assert.ok(fetched().length >= 3);
  });
});

test("no request leaves the site", async () => {
  await shared.withPage(async (page, context) => {
    /** @type {string[]} */
    const foreign = [];
    const { origin } = new URL(shared.server.url);
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== "data:" && url.protocol !== "blob:") foreign.push(request.url());
    });
    await page.goto(shared.server.url);
    await ready(page);
    await draw(page, DIGITS[7]);
    await summary(page);
    assert.deepEqual(foreign, []);
  });
});

test("a second visit works offline", async () => {
  await shared.withPage(async (page, context) => {
    await page.goto(shared.server.url);
    await ready(page);
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    await page.close();
    await context.setOffline(true);
    const again = await context.newPage();
    await again.goto(shared.server.url);
    await ready(again);
    await draw(again, DIGITS[7]);
    await summary(again, /Both networks say 7/);
  });
});
