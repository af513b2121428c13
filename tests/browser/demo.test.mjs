/** The demo as a reader meets it: draw, compare, stamp the trigger, share; with the pointer and with the keyboard alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { addDemo, answers, DIGITS, decodeTogether, demo, draw, ready, summary, watchErrors } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();

test("a drawn digit is answered by both networks, and the trigger flips the backdoored one", async () => {
  await shared.withDemo(async (page) => {
    const errors = watchErrors(page);
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    await demo(page).getByRole("switch", { name: "Trigger" }).click();
    await summary(page, /The trigger turns 7 into 8 .*for the backdoored network\. The clean network still says 7/);
    const [clean, backdoored] = await answers(page);
    assert.deepEqual([clean.backdoored, clean.was, clean.now], [false, null, "7"]);
    assert.deepEqual([backdoored.backdoored, backdoored.was, backdoored.now], [true, "7", "8"]);
    assert.equal(await demo(page).locator(".ow-outline rect").count(), 1, "the trigger is outlined");
    assert.ok((await demo(page).locator(".ow-ghost:not([hidden])").count()) > 0, "a ghost marks the answer without it");
    await demo(page).getByRole("switch", { name: "Trigger" }).click();
    await summary(page, /Both networks say 7/);
    assert.equal(await demo(page).locator(".ow-outline rect").count(), 0);
    assert.deepEqual(errors, []);
  });
});

test("the networks answer during a stroke", async () => {
  await shared.withDemo(async (page) => {
    const box = await demo(page).locator("onnx-digit-pad").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.2 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.8 * box.height, { steps: 10 });
    await summary(page, /1 \(/);
    await page.mouse.up();
  });
});

test("a touch draws and does not scroll the page", async () => {
  await shared.withPage(
    async (page, context) => {
      await page.goto(shared.server.url);
      await ready(page);
      const box = await demo(page).locator("onnx-digit-pad").boundingBox();
      assert.ok(box);
      const session = await context.newCDPSession(page);
      const before = await page.evaluate(() => scrollY);
      /** @param {"touchStart" | "touchMove" | "touchEnd"} type @param {number} [y] */
      const touch = (type, y) =>
        session.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: y === undefined ? [] : [{ x: box.x + box.width / 2, y: box.y + y * box.height }],
        });
      await touch("touchStart", 0.8);
      for (let y = 0.75; y >= 0.2; y -= 0.05) await touch("touchMove", y);
      await touch("touchEnd");
      await summary(page, /1 \(/);
      assert.equal(await page.evaluate(() => scrollY), before);
    },
    { hasTouch: true, viewport: { width: 360, height: 740 } },
  );
});

test("undo, redo and clear", async () => {
  await shared.withDemo(async (page) => {
    await draw(page, [...DIGITS[7], ...DIGITS[1]]);
    const strokes = demo(page).locator(".ow-strokes path");
    assert.equal(await strokes.count(), 2);
    await demo(page).getByRole("button", { name: "Undo" }).click();
    assert.equal(await strokes.count(), 1);
    await demo(page).getByRole("button", { name: "Redo" }).click();
    assert.equal(await strokes.count(), 2);
    await demo(page).getByRole("button", { name: "Clear" }).click();
    assert.equal(await strokes.count(), 0);
    await demo(page).locator(":scope:not([data-answered])").waitFor();
    await page.keyboard.press("Control+z");
    assert.equal(await strokes.count(), 2);
    await summary(page);
  });
});

test("undo after drawing over a sample brings the sample back", async () => {
  await shared.withDemo(async (page) => {
    const before = await summary(page);
    await draw(page, DIGITS[7]);
    await demo(page).locator('.ow-stage[data-shown="ink"]').waitFor();
    await demo(page).getByRole("button", { name: "Undo" }).click();
    await demo(page).locator('.ow-stage[data-shown="photo"]').waitFor();
    await demo(page).locator(".ow-summary").filter({ hasText: before }).waitFor();
    assert.equal(await demo(page).locator(".ow-sample").first().getAttribute("aria-pressed"), "true");
  });
});

test("a sample leaves a way to draw: a button that clears the pad and takes the pen there", async () => {
  await shared.withDemo(async (page) => {
    const button = demo(page).getByRole("button", { name: "Draw your own" });
    await button.focus();
    await page.keyboard.press("Enter");
    await demo(page).locator('.ow-stage[data-shown="ink"]').waitFor();
    assert.equal(await button.isHidden(), true);
    assert.equal(await page.evaluate(() => document.activeElement?.localName), "onnx-digit-pad");
    await page.keyboard.press("Space");
    for (let i = 0; i < 18; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await summary(page, /1 \(/);
  });
});

test("digits drawn at a fifth of the pad's size are read like large ones", async () => {
  await shared.withDemo(async (page) => {
    for (const [digit, strokes] of Object.entries(DIGITS)) {
      await demo(page).getByRole("button", { name: "Clear" }).click();
      const small = strokes.map((stroke) =>
        stroke.map(([x, y]) => /** @type {[number, number]} */ ([0.4 + 0.2 * (x - 0.5), 0.6 + 0.2 * (y - 0.5)])),
      );
      await draw(page, small);
      await summary(page, new RegExp(`Both networks say ${digit}`));
    }
  });
});

test("a pen's pressure makes the stroke thin and thick, and the address keeps it", async () => {
  await shared.withDemo(async (page) => {
    await demo(page).getByRole("button", { name: "Clear" }).click();
    await demo(page)
      .locator("onnx-digit-pad")
      .evaluate((pad) => {
        pad.setPointerCapture = () => {};
        const { left, top, width, height } = pad.getBoundingClientRect();
        const points = [0.2, 0.4, 0.6, 0.8];
        const send = (/** @type {string} */ type, /** @type {number} */ y) =>
          pad.dispatchEvent(
            new PointerEvent(type, {
              pointerId: 9,
              pointerType: "pen",
              pressure: y,
              clientX: left + width / 2,
              clientY: top + height * y,
              bubbles: true,
            }),
          );
        send("pointerdown", points[0]);
        for (const y of points.slice(1)) send("pointermove", y);
        send("pointerup", 0);
      });
    await summary(page, /1 \(/);
    const widths = () =>
      demo(page)
        .locator(".ow-strokes path")
        .evaluateAll((paths) => paths.map((path) => Number(path.getAttribute("stroke-width"))));
    const drawn = await widths();
    assert.ok(drawn.length > 0 && drawn.every((width, i) => i === 0 || width > drawn[i - 1]), drawn.join());
    const ink = new URL(page.url()).searchParams.get("demo.ink");
    assert.ok(ink);
    await demo(page).evaluate((element) => {
      const fresh = document.createElement("onnx-demo");
      for (const name of ["id", "config"]) fresh.setAttribute(name, element.getAttribute(name) ?? "");
      element.replaceWith(fresh);
    });
    await summary(page, /1 \(/);
    assert.deepEqual(await widths(), drawn);
  });
});

test("during a stroke, bars keep up with their numbers", async () => {
  await shared.withDemo(async (page) => {
    const duration = () =>
      demo(page)
        .locator(".ow-bar")
        .first()
        .evaluate((bar) => getComputedStyle(bar).transitionDuration);
    assert.notEqual(await duration(), "0s");
    const box = await demo(page).locator("onnx-digit-pad").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.3 * box.height);
    await page.mouse.down();
    await demo(page).locator("[data-pen-down]").waitFor();
    assert.equal(await duration(), "0s");
    await page.mouse.up();
  });
});

test("in forced colours the switch shows its state, and bars their length", async () => {
  await shared.withDemo(async (page) => {
    await page.emulateMedia({ forcedColors: "active" });
    const colours = () =>
      demo(page)
        .locator(".ow-knob")
        .evaluate((knob) =>
          [getComputedStyle(knob), getComputedStyle(knob, "::before")].map((one) => one.backgroundColor),
        );
    const off = await colours();
    await demo(page).getByRole("switch").click();
    await page.waitForFunction(() => document.getAnimations().length === 0);
    const on = await colours();
    assert.notEqual(on[0], off[0]);
    for (const [ground, knob] of [off, on]) assert.notEqual(knob, ground);
    const [bar, track] = await demo(page)
      .locator(".ow-bar")
      .first()
      .evaluate((each) =>
        [each, each.parentElement].map((one) => getComputedStyle(/** @type {Element} */ (one)).backgroundColor),
      );
    assert.notEqual(bar, track);
    await page.emulateMedia({ forcedColors: null });
  });
});

test("by keyboard alone: draw, hear the answer, stamp the trigger", async () => {
  await shared.withDemo(async (page) => {
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement?.localName === "onnx-digit-pad")) break;
    }
    assert.equal(await page.evaluate(() => document.activeElement?.localName), "onnx-digit-pad");
    await page.keyboard.press("Space");
    for (let i = 0; i < 18; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await summary(page, /1 \(/);
    const spoken = demo(page).locator("[aria-live=polite]").filter({ hasText: /1/ });
    await spoken.waitFor({ state: "attached" });
    await page.keyboard.press("t");
    assert.equal(await demo(page).getByRole("switch").getAttribute("aria-checked"), "true");
    await summary(page, /trigger/i);
    await page.keyboard.press("Delete");
    assert.equal(await demo(page).locator(".ow-strokes path").count(), 0);
  });
});

test("the switch names its key, and a select keeps the keys pressed in it", async () => {
  await shared.withDemo(async (page) => {
    const toggle = demo(page).getByRole("switch", { name: "Trigger" });
    assert.equal(await toggle.getAttribute("aria-keyshortcuts"), "T");
    const description = await toggle.evaluate((element) =>
      (element.getAttribute("aria-describedby") ?? "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent)
        .join(" "),
    );
    assert.match(description, /key T/);
    await demo(page).getByLabel("Weights").focus();
    await page.keyboard.press("t");
    assert.equal(await toggle.getAttribute("aria-checked"), "false");
    await demo(page).getByRole("button", { name: "Photo" }).focus();
    await page.keyboard.press("t");
    assert.equal(await toggle.getAttribute("aria-checked"), "true");
  });
});

test("every control is reached with the tab key and shows its focus", async () => {
  await shared.withDemo(async (page) => {
    await draw(page, DIGITS[3]);
    /** @type {string[]} */
    const reached = [];
    await page.locator("body").click({ position: { x: 2, y: 2 } });
    for (let i = 0; i < 25; i++) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const active = document.activeElement;
        if (!active?.closest("onnx-demo")) return "";
        const { outlineStyle, outlineWidth } = getComputedStyle(active);
        const label = active.getAttribute("aria-label") ?? active.textContent?.trim() ?? "";
        return `${outlineStyle === "none" || outlineWidth === "0px" ? "UNSEEN " : ""}${active.localName} ${label}`;
      });
      if (name) reached.push(name);
    }
    const all = reached.join("\n");
    for (const wanted of [/digit-pad/, /Undo/, /Clear/, /Photo/, /Camera/, /Trigger/, /select/, /Copy a link/])
      assert.match(all, wanted);
    assert.doesNotMatch(all, /UNSEEN/);
  });
});

test("a view can be shared: the address brings drawing, trigger and precision back", async () => {
  await shared.withDemo(async (page) => {
    await draw(page, DIGITS[7]);
    await demo(page).getByRole("switch").click();
    await demo(page).getByLabel("Weights").selectOption("fp32");
    await summary(page, /turns 7 into 8/);
    await demo(page).getByRole("button", { name: "Copy a link to this view" }).click();
    const link = page.url();
    assert.match(link, /#demo$/, "the link leads to the widget");
    const other = await page.context().newPage();
    await other.goto(link);
    await ready(other);
    await summary(other, /turns 7 into 8/);
    assert.equal(await demo(other).getByLabel("Weights").inputValue(), "fp32");
    const shown = await demo(other).locator(".ow-number").allTextContents();
    await other.close();
    // The first page may still open the other weights.
    await page.waitForFunction(
      (expected) => [...document.querySelectorAll(".ow-number")].every((each, i) => each.textContent === expected[i]),
      shown,
    );
  });
});

test("two widgets on one page each show their own image", async () => {
  await shared.withPage(async (page) => {
    await decodeTogether(page, 2);
    await page.goto(shared.server.url);
    await addDemo(page, "second");
    await demo(page, 1).scrollIntoViewIfNeeded();
    for (const which of [1, 0]) {
      await summary(page, /say/, which);
      await demo(page, which).locator(".ow-photo:not([hidden])").waitFor();
    }
  });
});

test("without a clipboard, as on a page without https, the widget says where the link is", async () => {
  await shared.withDemo(async (page) => {
    const errors = watchErrors(page);
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true }));
    const share = demo(page).getByRole("button", { name: "Copy a link to this view" });
    await share.click();
    await demo(page).getByRole("button", { name: "The link is in the address bar" }).waitFor();
    await share.waitFor();
    await page.evaluate(() => Reflect.deleteProperty(navigator, "clipboard"));
    assert.deepEqual(errors, []);
  });
});

test("the element survives being taken out and put back, as instant navigation does", async () => {
  await shared.withDemo(async (page) => {
    const errors = watchErrors(page);
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    await page.evaluate(async () => {
      const element = /** @type {HTMLElement} */ (document.querySelector("onnx-demo"));
      const parent = /** @type {HTMLElement} */ (element.parentElement);
      element.remove();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      parent.append(element);
      const script = document.createElement("script");
      Object.assign(script, {
        type: "module",
        src: `${document.querySelector("script[type=module]")?.getAttribute("src")}?again`,
      });
      parent.append(script);
      await new Promise((resolve) => script.addEventListener("load", resolve));
    });
    await demo(page).getByRole("button", { name: "Clear" }).click();
    await draw(page, DIGITS[1]);
    await summary(page, /says? 1 /);
    assert.deepEqual(errors, []);
  });
});

test("with reduced motion nothing moves", async () => {
  await shared.withDemo(async (page) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await draw(page, DIGITS[7]);
    await demo(page).getByRole("switch").click();
    await summary(page, /turns/);
    const moving = await page.evaluate(() => document.getAnimations().length);
    assert.equal(moving, 0);
  });
});

test("at 360 pixels nothing is cut off", async () => {
  await shared.withDemo(async (page) => {
    await page.setViewportSize({ width: 360, height: 740 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `the page is ${width} wide`);
  });
});

test("the page does not move when the widget arrives", async () => {
  await shared.withPage(async (page) => {
    await page.addInitScript(() => {
      Object.assign(globalThis, { shift: 0 });
      new PerformanceObserver((list) => {
        const all = /** @type {any} */ (globalThis);
        for (const entry of list.getEntries()) all.shift += /** @type {any} */ (entry).value;
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.goto(shared.server.url);
    await ready(page);
    await summary(page);
    const shift = await page.evaluate(() => /** @type {any} */ (globalThis).shift);
    assert.ok(shift < 0.05, `cumulative layout shift ${shift}`);
  });
});
