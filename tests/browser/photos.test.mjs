/** Demos of photos: the overlay is dragged, resized, turned and shared; by mouse, touch, wheel, keys and buttons. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { violations } from "./harness/axe.mjs";
import { addDemo, answers, decodeTogether, demo, eventually, ready, summary, watchErrors } from "./harness/drive.mjs";
import { photosConfig, ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
const shared = setup({ flags: CAMERA, server: { config: photosConfig() } });

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

/** The image's box and the overlay's middle on the screen. @param {Page} page */
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

test("a sample's credit and note are shown while it is chosen", async () => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    await demo(page).evaluate((element) => {
      const config = JSON.parse(element.getAttribute("config") ?? "");
      config.samples[0].credit = { text: "Somebody, CC0", href: "https://example.org/dog" };
      config.samples[0].note = "A mistake.";
      element.setAttribute("config", JSON.stringify(config));
      element.replaceWith(element.cloneNode(false));
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
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    await demo(page).evaluate((element) => {
      const config = { ...JSON.parse(element.getAttribute("config") ?? ""), samples: [], missing: "Run a command." };
      element.setAttribute("config", JSON.stringify(config));
      element.replaceWith(element.cloneNode(false));
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
    await eventually(async () => assert.deepEqual(await pixels(other), await pixels(page)));
  });
});

test("a corner resizes, the knob turns, the wheel resizes what has been taken hold of", async () => {
  await shared.withPage(async (page) => {
    await withGlasses(page);
    const before = await placement(page);
    const corner = await demo(page).locator(".ow-corner[data-corner=se]").boundingBox();
    assert.ok(corner);
    const { box, middle } = await places(page);
    const from = { x: corner.x + corner.width / 2, y: corner.y + corner.height / 2 };
    const further = { x: middle.x + 1.5 * (from.x - middle.x), y: middle.y + 1.5 * (from.y - middle.y) };
    await drag(page, from, further);
    const larger = await placement(page);
    assert.ok(Math.abs(larger.size - 1.5 * before.size) < 0.02, JSON.stringify(larger));
    assert.deepEqual([larger.x, larger.y, larger.angle], [before.x, before.y, before.angle]);
    const knob = await demo(page).locator(".ow-turn").boundingBox();
    assert.ok(knob);
    await drag(
      page,
      { x: knob.x + knob.width / 2, y: knob.y + knob.height / 2 },
      { x: box.x + box.width, y: middle.y },
    );
    const turned = await placement(page);
    assert.ok(Math.abs(turned.angle - 90) < 2, JSON.stringify(turned));
    await page.mouse.move(middle.x, middle.y);
    await page.mouse.wheel(0, 100);
    await page.waitForFunction(
      (size) => /** @type {any} */ (document.querySelector("onnx-overlay-handle")).placement.size < size,
      turned.size,
    );
  });
});

test("the page scrolls past glasses that nobody has taken hold of", async () => {
  await shared.withPage(
    async (page) => {
      await withGlasses(page);
      const { middle } = await places(page);
      const before = await placement(page);
      await page.mouse.move(middle.x, middle.y);
      await page.mouse.wheel(0, 120);
      await page.waitForFunction(() => scrollY > 0);
      assert.deepEqual(await placement(page), before);
    },
    { viewport: { width: 800, height: 500 } },
  );
});

test("by keyboard alone: reached, moved, resized, turned, put back, and told", async () => {
  await shared.withPage(async (page) => {
    await withGlasses(page);
    const before = await placement(page);
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement?.localName === "onnx-overlay-handle")) break;
    }
    const style = await handle(page).evaluate((element) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return [element === document.activeElement, outlineStyle, outlineWidth];
    });
    assert.deepEqual(style, [true, "solid", "3px"]);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    assert.deepEqual(await placement(page), { ...before, x: before.x + 0.02, y: before.y + 0.1 });
    await page.keyboard.press("+");
    await page.keyboard.press("]");
    await page.keyboard.press(".");
    await page.keyboard.press("[");
    const changed = await placement(page);
    assert.ok(changed.size > before.size);
    assert.equal(changed.angle, before.angle + 5);
    assert.match(
      (await handle(page).getAttribute("aria-label")) ?? "",
      /Glasses: 52 % from the left, 50 % from the top/,
    );
    await handle(page).getByRole("status").filter({ hasText: "turned 5 degrees to the right" }).waitFor();
    await page.keyboard.press("Home");
    assert.deepEqual(await placement(page), before);
    await page.keyboard.press("t");
    assert.equal(await handle(page).isHidden(), true);
  });
});

test("the key that takes the glasses off puts them on again, though the focus was on what went with them", async () => {
  await shared.withPage(async (page) => {
    await withGlasses(page);
    const toggle = demo(page).getByRole("switch");
    for (const focused of [handle(page), demo(page).getByRole("button", { name: "Larger" })]) {
      await focused.focus();
      await page.keyboard.press("t");
      assert.equal(await handle(page).isHidden(), true);
      assert.equal(await toggle.evaluate((element) => element === document.activeElement), true);
      await page.keyboard.press("t");
      assert.equal(await handle(page).isVisible(), true);
    }
  });
});

test("a click puts the glasses there, and buttons resize and turn them", async () => {
  await shared.withPage(async (page) => {
    await withGlasses(page);
    const { box } = await places(page);
    await page.mouse.click(box.x + 0.1 * box.width, box.y + 0.9 * box.height);
    const put = await placement(page);
    assert.ok(Math.abs(put.x - 0.1) < 0.01 && Math.abs(put.y - 0.9) < 0.01, JSON.stringify(put));
    await demo(page).getByRole("button", { name: "Larger" }).click();
    await demo(page).getByRole("button", { name: "Turn left" }).click();
    const changed = await placement(page);
    assert.ok(changed.size > put.size);
    assert.equal(changed.angle, -10);
    await demo(page).getByRole("button", { name: "Put it back" }).click();
    assert.equal((await placement(page)).angle, 0);
  });
});

test("what is shown is what the network was given, wherever the glasses lie", async () => {
  await shared.withPage(async (page) => {
    for (const place of ["0.3_0.7_0.8_-35", "0_1_1.4_120", "0.9_0.1_0.05_7"]) {
      await withGlasses(page, `demo.trigger=on&demo.place=${place}`);
      const given = await page.evaluate(async (text) => {
        const [x, y, size, angle] = text.split("_").map(Number);
        const { sharedClient } = await import(
          new URL("assets/widgets-dev/widgets/engine/client.mjs", document.baseURI).href
        );
        const config = JSON.parse(document.querySelector("onnx-demo")?.getAttribute("config") ?? "");
        const card = await (await fetch(config.models[0].card)).json();
        const blob = await (await fetch(config.samples[0].src)).blob();
        const result = await sharedClient().ask("run", {
          source: { kind: "file", token: `test-${text}`, blob },
          models: [card.files[0].sha256],
          variants: [true],
          placement: { x, y, size, angle },
        });
        return [...result.seen.stamped.data];
      }, place);
      await eventually(async () => {
        const shown = (await pixels(page)).filter((_, i) => i % 4 !== 3);
        assert.deepEqual(shown, given, place);
      });
    }
  });
});

test("beside the photo the glasses neither show nor take a touch", async () => {
  await shared.withPage(async (page) => {
    await withGlasses(page, "demo.trigger=on&demo.place=1_0.5_1.6_0");
    const { box } = await places(page);
    for (const [x, y] of [
      [box.x + box.width + 8, box.y + 0.5 * box.height],
      [box.x + box.width + 2, box.y + 0.4 * box.height],
    ]) {
      const taken = await page.evaluate(
        (at) => Boolean(document.elementFromPoint(at[0], at[1])?.closest("onnx-overlay-handle")),
        [x, y],
      );
      assert.equal(taken, false);
    }
    const inside = await page.evaluate(
      (at) => Boolean(document.elementFromPoint(at[0], at[1])?.closest("onnx-overlay-handle")),
      [box.x + 0.9 * box.width, box.y + 0.5 * box.height],
    );
    assert.equal(inside, true);
  });
});

test("one finger drags, two resize and turn, and the page does not scroll", async () => {
  await shared.withPage(
    async (page, context) => {
      await withGlasses(page);
      const { box, middle } = await places(page);
      const session = await context.newCDPSession(page);
      const scrolled = await page.evaluate(() => scrollY);
      /** @param {"touchStart" | "touchMove" | "touchEnd"} type @param {{x: number, y: number}[]} points */
      const touch = (type, points) =>
        session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map((point, id) => ({ ...point, id })) });
      await touch("touchStart", [middle]);
      for (let i = 1; i <= 5; i++) await touch("touchMove", [{ x: middle.x, y: middle.y + i * 0.04 * box.height }]);
      await touch("touchEnd", []);
      const dragged = await placement(page);
      assert.ok(Math.abs(dragged.y - 0.6) < 0.015, JSON.stringify(dragged));
      const now = (await places(page)).middle;
      const spread = (/** @type {number} */ dx, /** @type {number} */ dy) => [
        { x: now.x - dx, y: now.y - dy },
        { x: now.x + dx, y: now.y + dy },
      ];
      await touch("touchStart", spread(20, 0));
      for (const [dx, dy] of [
        [25, 5],
        [28, 15],
        [28, 28],
      ])
        await touch("touchMove", spread(dx, dy));
      await touch("touchEnd", []);
      const pinched = await placement(page);
      assert.ok(Math.abs(pinched.angle - 45) < 3, JSON.stringify(pinched));
      assert.ok(Math.abs(pinched.size / dragged.size - Math.hypot(28, 28) / 20) < 0.1, JSON.stringify(pinched));
      assert.equal(await page.evaluate(() => scrollY), scrolled);
    },
    { hasTouch: true, viewport: { width: 360, height: 740 } },
  );
});

test("two widgets of one page each show the photo that they were given", async () => {
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

test("a dropped photo takes the glasses where they were put; the old answer does not linger", async () => {
  await shared.withPage(async (page) => {
    await withGlasses(page, "demo.trigger=on&demo.place=0.25_0.6_0.5_10");
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
  });
});

test("the camera's images wear the glasses, and the last one stays", async () => {
  await shared.withPage(async (page) => {
    await withGlasses(page);
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

for (const [colorScheme, width] of /** @type {const} */ ([
  ["light", 1000],
  ["dark", 360],
])) {
  test(`axe finds nothing at ${width} pixels, ${colorScheme}, and nothing widens the page`, async () => {
    await shared.withPage(
      async (page) => {
        await withGlasses(page, "demo.trigger=on&demo.place=1_0.5_2_30");
        await handle(page).focus();
        assert.deepEqual(await violations(page), []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `the page is ${wide} wide`);
      },
      { colorScheme, viewport: { width, height: 900 } },
    );
  });
}

test("networks of one teacher fetch its layers once, and check them", async () => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    /** @param {string[]} ids */
    const open = (...ids) =>
      page.evaluate(async (wanted) => {
        const { sharedClient } = await import(
          new URL("assets/widgets-dev/widgets/engine/client.mjs", document.baseURI).href
        );
        const models = wanted.map(async (id) => {
          const folder = new URL(`models/${id}/`, document.baseURI);
          const card = await (await fetch(new URL("card.json", folder))).json();
          return { card, file: card.files[0], url: new URL(card.files[0].name, folder).href };
        });
        const signal = new AbortController().signal;
        try {
          await sharedClient().ask("open", { models: await Promise.all(models) }, { onProgress() {}, signal });
          return "open";
        } catch (error) {
          return /** @type {any} */ (error).code;
        }
      }, ids);
    const fetched = () => shared.server.requests.filter((path) => path.endsWith(".bin")).length;
    shared.server.setFaults([{ path: /\.bin$/, kind: "corrupt" }]);
    assert.equal(await open("dogs-student-clean"), "hash");
    shared.server.setFaults([]);
    const before = fetched();
    assert.equal(await open("dogs-teacher-clean", "dogs-student-clean"), "open");
    assert.equal(await open("figures-student-clean"), "open");
    assert.equal(fetched() - before, 1);
  });
});
