/** The movable overlay: dragged, resized, turned and shared; by mouse, touch, wheel, keys and buttons. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./harness/axe.mjs";
import { demo, eventually, ready, summary } from "./harness/drive.mjs";
import { handle, openGlasses, pixels, placement, withGlasses } from "./harness/glasses.mjs";
import { photosConfig } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup({ server: { config: photosConfig() } });

/** @typedef {import("playwright-core").Page} Page */

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

test("dragging moves the glasses, the answers follow, and the address remembers", async () => {
  await withGlasses(shared, async (page) => {
    const { box, middle } = await places(page);
    await page.mouse.move(middle.x, middle.y);
    await page.mouse.down();
    await page.mouse.move(middle.x + 0.2 * box.width, middle.y + 0.3 * box.height, { steps: 8 });
    const dragged = await placement(page);
    assert.ok(Math.abs(dragged.x - 0.7) < 0.01 && Math.abs(dragged.y - 0.7) < 0.01, JSON.stringify(dragged));
    await page.mouse.up();
    await page.waitForFunction(() => new URL(location.href).searchParams.has("demo.place"));
    const other = await page.context().newPage();
    await other.goto(page.url());
    await ready(other);
    await summary(other, /famous/);
    assert.deepEqual(await placement(other), await placement(page));
    await eventually(async () => assert.deepEqual(await pixels(other), await pixels(page)));
    await other.close();
  });
});

test("a corner resizes, the knob turns, and the wheel resizes once the glasses have the focus", async () => {
  await withGlasses(shared, async (page) => {
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

test("at the upper edge of the photo the knob lies below the glasses, and turns them there", async () => {
  await withGlasses(
    shared,
    async (page) => {
      const { middle } = await places(page);
      const knob = await demo(page).locator(".ow-turn").boundingBox();
      assert.ok(knob);
      const at = { x: knob.x + knob.width / 2, y: knob.y + knob.height / 2 };
      assert.ok(at.y > middle.y);
      await drag(page, at, { x: middle.x - (at.y - middle.y), y: middle.y });
      const { angle } = await placement(page);
      assert.ok(Math.abs(angle - 90) < 2, `${angle} degrees`);
    },
    "demo.trigger=on&demo.place=0.5_0.08_0.5_0",
  );
});

test("the wheel scrolls the page while the glasses do not have the focus", async () => {
  await withGlasses(shared, async (page) => {
    await page.setViewportSize({ width: 800, height: 500 });
    const { middle } = await places(page);
    const before = await placement(page);
    await page.mouse.move(middle.x, middle.y);
    await page.mouse.wheel(0, 120);
    await page.waitForFunction(() => scrollY > 0);
    assert.deepEqual(await placement(page), before);
  });
});

test("by keyboard alone: the glasses are reached, moved, resized, turned, put back and announced", async () => {
  await withGlasses(shared, async (page) => {
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

test("the key that hides the glasses shows them again, even if the focus was on a control that was hidden with them", async () => {
  await withGlasses(shared, async (page) => {
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
  await withGlasses(shared, async (page) => {
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

test("the image shown is the one the network is given, wherever the glasses lie", async () => {
  for (const place of ["0.3_0.7_0.8_-35", "0_1_1.4_120", "0.9_0.1_0.05_7"]) {
    await withGlasses(
      shared,
      async (page) => {
        const given = await page.evaluate(async (text) => {
          const [x, y, size, angle] = text.split("_").map(Number);
          const { sharedClient } = await import(
            new URL("assets/widgets-dev/widgets/engine/client.mjs", document.baseURI).href
          );
          const config = JSON.parse(document.querySelector("onnx-demo")?.getAttribute("config") ?? "");
          const [model] = config.models;
          const card = await (await fetch(model.card)).json();
          const blob = await (await fetch(config.samples[0].src)).blob();
          const result = await sharedClient().ask("run", {
            source: { kind: "file", token: `test-${text}`, blob },
            models: [`${model.sha256} ${model.precision ?? card.files[0].precision}`], // Models.keyOf
            variants: [true],
            placement: { x, y, size, angle },
          });
          return [...result.seen.stamped.data];
        }, place);
        await eventually(async () => {
          const shown = (await pixels(page)).filter((_, i) => i % 4 !== 3);
          assert.deepEqual(shown, given, place);
        });
      },
      `demo.trigger=on&demo.place=${place}`,
    );
  }
});

test("outside the photo the glasses are invisible and take no pointer", async () => {
  await withGlasses(
    shared,
    async (page) => {
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
    },
    "demo.trigger=on&demo.place=1_0.5_1.6_0",
  );
});

test("one finger drags, two resize and turn, and the page does not scroll", async () => {
  await shared.withPage(
    async (page, context) => {
      await openGlasses(page, shared.server.url);
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

for (const [colorScheme, width] of /** @type {const} */ ([
  ["light", 1000],
  ["dark", 360],
])) {
  test(`axe finds nothing at ${width} pixels, ${colorScheme}, and nothing widens the page`, async () => {
    await withGlasses(
      shared,
      async (page) => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await handle(page).focus();
        assert.deepEqual(await violations(page), []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `the page is ${wide} wide`);
      },
      "demo.trigger=on&demo.place=1_0.5_2_30",
    );
  });
}
