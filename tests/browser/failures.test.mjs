/** What a reader is told when loading goes wrong, and that the way out that is offered works. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DIGITS, demo, draw, ready, summary } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
const ONNX = /\.onnx$/;
const WASM = /\.wasm$/;

/** @param {import("playwright-core").Page} page */
async function told(page) {
  const box = demo(page).locator("onnx-load-progress[data-state=failed]");
  await box.waitFor();
  assert.equal(await box.getAttribute("role"), "alert");
  return /** @type {string} */ (await box.textContent());
}

/** @param {import("playwright-core").Page} page */
async function worksAfterRetry(page) {
  shared.server.setFaults([]);
  await demo(page).getByRole("button", { name: "Try again" }).click();
  await ready(page);
  await draw(page, DIGITS[7]);
  await summary(page, /Both networks say 7/);
}

for (const [what, fault, pattern] of /** @type {const} */ ([
  ["the model is missing and a page comes instead", { path: ONNX, kind: "html-404" }, /not on the server.*404/s],
  ["a page is sent as if it were the model", { path: ONNX, kind: "html-200" }, /sent a web page instead of/],
  [
    "the model is not the one that was published",
    { path: ONNX, kind: "corrupt" },
    /not the file that was published.*SHA-256/s,
  ],
  ["the runtime is damaged", { path: WASM, kind: "corrupt" }, /runtime is not the file that was published/],
  ["the connection breaks", { path: WASM, kind: "down" }, /download was interrupted/],
  ["a card is missing", { path: /card\.json$/, kind: "html-404" }, /model card is not on the server/],
])) {
  test(`${what}: it is told, and trying again works`, async () => {
    await shared.withPage(async (page) => {
      shared.server.setFaults([fault]);
      await page.goto(shared.server.url);
      assert.match(await told(page), pattern);
      await worksAfterRetry(page);
    });
  });
}

test("the runtime's module is missing: it is told, and nothing hangs", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: /ort\.wasm\.min\.mjs$/, kind: "html-404" }]);
    await page.goto(shared.server.url);
    assert.match(await told(page), /runtime did not start/);
  });
});

test("loading shows bytes, can be cancelled, and be taken up again", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "held" }]);
    await page.goto(shared.server.url);
    const box = demo(page).locator("onnx-load-progress");
    await box.filter({ hasText: /[1-9][\d.]* (kB|MB) of 1\d\.\d MB/ }).waitFor();
    const value = await box.locator("progress").evaluate((bar) => /** @type {HTMLProgressElement} */ (bar).value);
    assert.ok(value > 0);
    await box.getByRole("button", { name: "Cancel" }).click();
    assert.match(await told(page), /cancelled/);
    await worksAfterRetry(page);
  });
});

test("by keyboard: the focus stays in the widget when the button that it is on has done its work", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "held" }]);
    await page.goto(shared.server.url);
    const focused = (/** @type {string} */ name) =>
      page.waitForFunction((text) => document.activeElement?.textContent?.startsWith(text), name);
    await demo(page).getByRole("button", { name: "Cancel" }).press("Enter");
    await told(page);
    await focused("Try again");
    shared.server.setFaults([]);
    await page.keyboard.press("Enter");
    await ready(page);
    await focused("Trigger");
    await page.keyboard.press("t");
    assert.equal(await demo(page).getByRole("switch").getAttribute("aria-checked"), "true");
  });
});

test("by keyboard: the focus stays in the widget when there is nothing to try again", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "held" }]);
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

test("screen readers are told when loading begins and when it is done, and not of every byte", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "held" }]);
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

test("a drawing made while the networks load is answered when they are there", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "held" }]);
    await page.goto(shared.server.url);
    await demo(page)
      .getByText(/ of 1\d\.\d MB/)
      .waitFor();
    await draw(page, DIGITS[7]);
    shared.server.setFaults([]);
    await summary(page, /Both networks say 7/);
  });
});

test("an element that is moved while it loads goes on loading", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "held" }]);
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

test("another precision chosen while loading takes the place of the first", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: /int8.*\.onnx$/, kind: "held" }]);
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

/**
 * Puts a worker under the test's control: `worker.hold` keeps answers from being asked for, `worker.asked` counts what
 * was held, `worker.waiting` what was asked and has not come back, and `worker.die()` is the thread's end.
 *
 * @param {import("playwright-core").Page} page
 */
function controlWorker(page) {
  return page.addInitScript(() => {
    const Original = globalThis.Worker;
    const control = { hold: false, asked: 0, waiting: 0, started: 0, die() {} };
    class Controlled extends Original {
      /** @param {ConstructorParameters<typeof Worker>} given */
      constructor(...given) {
        super(...given);
        control.started++;
        control.waiting = 0;
        control.die = () => this.dispatchEvent(new ErrorEvent("error"));
        this.addEventListener("message", ({ data }) => {
          if (data.type !== "progress") control.waiting--;
        });
      }
      /** @param {any} message @param {any} [transfer] */
      postMessage(message, transfer) {
        if (control.hold && message.type === "run") {
          control.asked++;
          return;
        }
        if (message.type !== "cancel") control.waiting++;
        super.postMessage(message, transfer);
      }
    }
    Object.assign(globalThis, { Worker: Controlled, worker: control });
  });
}

test("when the networks' thread dies with nothing asked of it, the widget opens them again", async () => {
  await shared.withPage(async (page) => {
    await controlWorker(page);
    await page.goto(shared.server.url);
    await ready(page);
    await draw(page, DIGITS[1]);
    await summary(page, /says? 1 /);
    await page.waitForFunction(() => /** @type {any} */ (globalThis).worker.waiting === 0);
    await page.evaluate(() => /** @type {any} */ (globalThis).worker.die());
    await demo(page).getByRole("button", { name: "Clear" }).click();
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).worker.started), 2);
  });
});

test("when the networks' thread dies while it answers, the widget opens them again and answers by itself", async () => {
  await shared.withPage(async (page) => {
    await controlWorker(page);
    await page.goto(shared.server.url);
    await ready(page);
    await summary(page);
    await demo(page).getByRole("button", { name: "Clear" }).click();
    await page.evaluate(() => {
      /** @type {any} */ (globalThis).worker.hold = true;
    });
    // The first stroke is asked for, and the whole digit waits behind it.
    await draw(page, DIGITS[7]);
    await page.waitForFunction(() => /** @type {any} */ (globalThis).worker.asked === 1);
    await page.evaluate(() => {
      const { worker } = /** @type {any} */ (globalThis);
      worker.hold = false;
      worker.die();
    });
    await summary(page, /Both networks say 7/);
    assert.equal(await demo(page).locator("[role=alert]").count(), 0);
    assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).worker.started), 2);
  });
});

test("when the networks' thread dies at every answer, the reader is told and can try again", async () => {
  await shared.withPage(async (page) => {
    await controlWorker(page);
    await page.goto(shared.server.url);
    await ready(page);
    await summary(page);
    await page.evaluate(() => {
      const { worker } = /** @type {any} */ (globalThis);
      worker.hold = true;
      worker.timer = setInterval(() => {
        if (worker.asked > 0) worker.die();
        worker.asked = 0;
      }, 20);
    });
    await draw(page, DIGITS[7]);
    assert.match(await told(page), /thread stopped/);
    await page.evaluate(() => {
      const { worker } = /** @type {any} */ (globalThis);
      clearInterval(worker.timer);
      worker.hold = false;
    });
    await worksAfterRetry(page);
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

test("a first visit that loses its connection is told so", async () => {
  await shared.withPage(async (page, context) => {
    await page.route(/worker\.mjs$/, async (route) => {
      await context.setOffline(true);
      await route.abort("internetdisconnected");
    });
    await page.goto(shared.server.url);
    assert.match(await told(page), /You are offline/);
    await page.unroute(/worker\.mjs$/);
    await context.setOffline(false);
    await worksAfterRetry(page);
  });
});

test("without WebAssembly the reader is told what is missing", async () => {
  await shared.withPage(async (page) => {
    // Taken away in the worker too: its script is prefixed.
    await page.route(/worker\.mjs$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `delete globalThis.WebAssembly;\n${await response.text()}` });
    });
    await page.goto(shared.server.url);
    assert.match(await told(page), /cannot run the network.*WebAssembly/s);
    assert.equal(await demo(page).getByRole("button", { name: "Try again" }).count(), 0);
  });
});

test("a worker that dies is told, and trying again starts a new one", async () => {
  await shared.withPage(async (page) => {
    await page.route(/worker\.mjs$/, (route) => route.fulfill({ status: 500, body: "" }));
    await page.goto(shared.server.url);
    assert.match(await told(page), /thread stopped/);
    await page.unroute(/worker\.mjs$/);
    await worksAfterRetry(page);
  });
});

test("a broken configuration is told in words", async () => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    await page.evaluate(() => {
      const element = document.createElement("onnx-demo");
      element.setAttribute("config", "{nonsense");
      document.querySelector("main")?.append(element);
    });
    const broken = demo(page, 1).locator("[role=alert]");
    await broken.waitFor();
    assert.match((await broken.textContent()) ?? "", /misconfigured.*not JSON/s);
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
      addEventListener("DOMContentLoaded", () => {
        const spacer = document.createElement("div");
        spacer.style.setProperty("height", "4000px");
        document.body.prepend(spacer);
      });
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
