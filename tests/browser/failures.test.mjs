/** What a reader sees when loading fails, and that the way out it offers works. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { demo, failureText, retryWorks } from "./harness/drive.mjs";
import { ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
const ONNX = /\.onnx$/;
const WASM = /\.wasm$/;

for (const [what, fault, pattern] of /** @type {const} */ ([
  [
    "the model is missing and the server sends a page instead",
    { path: ONNX, kind: "html-404" },
    /not on the server.*404/s,
  ],
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
  test(`${what}: the reader sees why, and trying again works`, async () => {
    await shared.withPage(async (page) => {
      shared.server.setFaults([fault]);
      await page.goto(shared.server.url);
      assert.match(await failureText(page), pattern);
      shared.server.setFaults([]);
      await retryWorks(page);
    });
  });
}

test("the worker is not what was published: it does not start, and trying again works", async () => {
  await shared.withPage(async (page) => {
    await page.route(/worker\/serve\.mjs$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace("/**", "/* ") });
    });
    await page.goto(shared.server.url);
    assert.match(await failureText(page), /program is not the file that was published/);
    assert.deepEqual(page.workers(), []);
    await page.unrouteAll({ behavior: "wait" });
    await retryWorks(page);
  });
});

test("a card that is not the one that the page names is refused, and not kept", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: /card\.json$/, kind: "corrupt" }]);
    await page.goto(shared.server.url);
    assert.match(await failureText(page), /card is not the file that was published/);
    shared.server.setFaults([]);
    await retryWorks(page);
  });
});

test("the runtime's module is missing: the reader sees why, and nothing hangs", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: /ort\.wasm\.min\.mjs$/, kind: "html-404" }]);
    await page.goto(shared.server.url);
    assert.match(await failureText(page), /runtime is not on the server/);
  });
});

test("a first visit that loses its connection says so", async () => {
  await shared.withPage(async (page, context) => {
    await page.route(/worker\.mjs$/, async (route) => {
      await context.setOffline(true);
      await route.abort("internetdisconnected");
    });
    await page.goto(shared.server.url);
    assert.match(await failureText(page), /You are offline/);
    await page.unrouteAll({ behavior: "wait" });
    await context.setOffline(false);
    await retryWorks(page);
  });
});

test("without WebAssembly the widget says what is missing", async () => {
  await shared.withPage(async (page) => {
    // Taken away in the worker: its script is prefixed, and published so.
    const address = "widgets/worker/worker.mjs";
    const script = readFileSync(join(ROOT, "site_assets", address), "utf8");
    const body = `delete globalThis.WebAssembly;\n${script}`;
    const sha256 = createHash("sha256").update(body).digest("hex");
    await page.route(/worker\/worker\.mjs$/, (route) => route.fulfill({ contentType: "text/javascript", body }));
    await page.route(/published\.mjs$/, async (route) => {
      const response = await route.fetch();
      const listed = `\nPUBLISHED["${address}"] = { bytes: ${Buffer.byteLength(body)}, sha256: "${sha256}" };`;
      await route.fulfill({ response, body: (await response.text()) + listed });
    });
    await page.goto(shared.server.url);
    assert.match(await failureText(page), /cannot run the network.*WebAssembly/s);
    assert.equal(await demo(page).getByRole("button", { name: "Try again" }).count(), 0);
  });
});

test("a worker that the server does not send is reported, and trying again starts a new one", async () => {
  await shared.withPage(async (page) => {
    await page.route(/worker\.mjs$/, (route) => route.fulfill({ status: 500, body: "" }));
    await page.goto(shared.server.url);
    assert.match(await failureText(page), /program is not on the server.*500/s);
    await page.unroute(/worker\.mjs$/);
    await retryWorks(page);
  });
});

test("a broken configuration is reported in words", async () => {
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
