/** Images from files: picker, drop, paste, samples; and what a reader sees for files that are not images. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DIGITS, demo, draw, summary, watchErrors } from "./harness/drive.mjs";
import { ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
const input = (/** @type {string} */ name) => join(ROOT, "tests/golden/inputs", name);

/** @param {import("playwright-core").Page} page @param {string | {name: string, mimeType: string, buffer: Buffer}} file */
async function choose(page, file) {
  const chooser = page.waitForEvent("filechooser");
  await demo(page).getByRole("button", { name: "Photo" }).click();
  await (await chooser).setFiles(file);
}

/**
 * A drop or paste of a file, made in the page.
 *
 * @param {import("playwright-core").Page} page
 * @param {"drop" | "paste"} kind
 * @param {{name: string, type: string, bytes: number[]}[]} files
 */
function give(page, kind, files) {
  return page.evaluate(
    ([how, given]) => {
      const transfer = new DataTransfer();
      for (const { name, type, bytes } of given) transfer.items.add(new File([Uint8Array.from(bytes)], name, { type }));
      const target = document.querySelector("onnx-demo .ow-stage");
      const event =
        how === "drop"
          ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
          : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true });
      target?.dispatchEvent(event);
    },
    /** @type {const} */ ([kind, files]),
  );
}

/** @param {import("playwright-core").Page} page */
const photoShown = (page) => demo(page).locator(".ow-photo:not([hidden])").waitFor();

test("a chosen photo is shown and answered", async () => {
  await shared.withDemo(async (page) => {
    const errors = watchErrors(page);
    await choose(page, input("scan-5.png"));
    await photoShown(page);
    await summary(page, /5 \(/);
    assert.deepEqual(errors, []);
  });
});

for (const kind of /** @type {const} */ (["drop", "paste"])) {
  test(`a ${kind === "drop" ? "dropped" : "pasted"} image is shown and answered`, async () => {
    await shared.withDemo(async (page) => {
      await demo(page).locator(".ow-stage").hover();
      const bytes = [...readFileSync(input("scan-5.png"))];
      await give(page, kind, [{ name: "five.png", type: "image/png", bytes }]);
      await photoShown(page);
      await summary(page, /5 \(/);
    });
  });
}

test("a paste elsewhere on the page is ignored", async () => {
  await shared.withDemo(async (page) => {
    await page.mouse.move(5, 5);
    const prevented = await page.evaluate(() => {
      const event = new ClipboardEvent("paste", { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
      return event.defaultPrevented;
    });
    assert.equal(prevented, false);
  });
});

test("drawing on a photo starts a drawing", async () => {
  await shared.withDemo(async (page) => {
    await choose(page, input("scan-5.png"));
    await photoShown(page);
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    assert.equal(await demo(page).locator(".ow-photo").isHidden(), true);
  });
});

test("a sample is marked, shown, answered and put into the address", async () => {
  await shared.withDemo(async (page) => {
    const samples = demo(page).locator(".ow-sample");
    await samples.nth(1).click();
    await samples.nth(1).and(page.locator("[aria-pressed=true]")).waitFor();
    await photoShown(page);
    await page.waitForFunction(() => new URL(location.href).searchParams.get("demo.sample") === "2");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => new URL(location.href).searchParams.get("demo.sample") === "3");
  });
});

/** A PNG that says it is enormous. */
function bomb() {
  const bytes = Buffer.alloc(64);
  Buffer.from("89504e470d0a1a0a0000000d49484452", "hex").copy(bytes);
  bytes.writeUInt32BE(60_000, 16);
  bytes.writeUInt32BE(60_000, 20);
  return bytes;
}

for (const [
  what,
  file,
  pattern,
] of /** @type {[string, {name: string, mimeType: string, buffer: Buffer}, RegExp][]} */ ([
  [
    "a text file",
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") },
    /not an image.*notes\.txt/,
  ],
  [
    "a damaged image",
    { name: "torn.png", mimeType: "image/png", buffer: Buffer.from("not a png") },
    /cannot be read.*torn\.png/,
  ],
  ["an empty file", { name: "empty.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(0) }, /cannot be read/],
  ["an enormous image", { name: "bomb.png", mimeType: "image/png", buffer: bomb() }, /too large.*60000 × 60000/],
])) {
  test(`${what} is refused with a message, and the widget still works`, async () => {
    await shared.withDemo(async (page) => {
      await choose(page, file);
      await demo(page).locator("[role=alert]").filter({ hasText: pattern }).waitFor();
      await draw(page, DIGITS[7]);
      await summary(page, /Both networks say 7/);
      assert.equal(await demo(page).locator(".ow-summary[role=alert]").count(), 0);
    });
  });
}

test("odd images are decoded as Python decodes them", async () => {
  const python = ["-m", "tests.export.pipeline.odd_images"];
  const cases = JSON.parse(execFileSync(join(ROOT, ".venv/bin/python"), python, { cwd: ROOT, encoding: "utf8" }));
  await shared.withDemo(async (page) => {
    const decoded = await page.evaluate(
      async (files) => {
        const { decodeImage } = await import(`${document.baseURI}assets/widgets-dev/widgets/core/decode.mjs`);
        const found = [];
        for (const file of files) {
          const blob = new Blob([Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0))]);
          try {
            const { height, width, data } = await decodeImage(blob, { maxPixels: 100 });
            found.push({ size: [height, width], rgb: [...data] });
          } catch (error) {
            found.push(/** @type {any} */ (error).code);
          }
        }
        return found;
      },
      cases.map((/** @type {{file: string}} */ { file }) => file),
    );
    assert.ok(cases.length > 0);
    for (const [index, { size, rgb }] of cases.entries()) {
      assert.deepEqual(decoded[index], size ? { size, rgb } : "ambiguous", `image ${index}`);
    }
  });
});

test("a drop without an image is reported", async () => {
  await shared.withDemo(async (page) => {
    await give(page, "drop", []);
    await demo(page)
      .getByText(/No image was found/)
      .waitFor();
  });
});

test("of two images chosen quickly the last one wins", async () => {
  await shared.withDemo(async (page) => {
    const slow = [...readFileSync(input("photo-packaging.jpg"))];
    const quick = [...readFileSync(input("scan-5.png"))];
    await give(page, "drop", [{ name: "a.jpg", type: "image/jpeg", bytes: slow }]);
    await give(page, "drop", [{ name: "b.png", type: "image/png", bytes: quick }]);
    await summary(page, /5 \(/);
  });
});

test("a sample that arrives late does not replace a later choice", async () => {
  await shared.withDemo(async (page) => {
    const errors = watchErrors(page);
    const samples = demo(page).getByRole("group", { name: "Samples" }).getByRole("button");
    const name = (await samples.nth(1).getAttribute("title")) ?? "";
    /** @type {() => void} */
    let goOn = () => {};
    const late = new Promise((resolve) => {
      goOn = () => resolve(undefined);
    });
    await page.route(`**/${name}.png`, async (route) => {
      await late;
      await route.continue();
    });
    const asked = page.waitForRequest(`**/${name}.png`);
    await samples.nth(1).click();
    const sample = await asked;
    await draw(page, DIGITS[7]);
    await summary(page, /7 \(|say 7/);
    goOn();
    await (await sample.response())?.finished();
    // What the late sample would set off stands before these in the page's and the worker's queues.
    await page.evaluate(async (url) => (await fetch(url)).arrayBuffer(), sample.url());
    await demo(page).getByRole("switch").click();
    await summary(page, /trigger|turns/i);
    await demo(page).getByRole("switch").click();
    assert.equal(await samples.nth(1).getAttribute("aria-pressed"), "false");
    assert.equal(await demo(page).locator(".ow-photo:not([hidden])").count(), 0);
    await summary(page, /7 \(|say 7/);
    assert.deepEqual(errors, []);
  });
});

test("a widget works on a page that requires Trusted Types", async () => {
  await shared.withPage(async (page) => {
    await page.route(shared.server.url, async (route) => {
      const response = await route.fetch();
      const strict = "object-src 'none'; require-trusted-types-for 'script'; trusted-types onnx-widgets";
      await route.fulfill({ response, body: (await response.text()).replace("object-src 'none'", strict) });
    });
    await page.goto(shared.server.url);
    await summary(page);
    const refused = await page.evaluate(() => {
      try {
        new Worker("assets/widgets-dev/widgets/worker/worker.mjs");
        return "";
      } catch (error) {
        return String(error);
      }
    });
    assert.match(refused, /TrustedScriptURL/); // The page does require them.
  });
});
