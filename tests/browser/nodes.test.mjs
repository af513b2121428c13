/** Widgets that come and go, as under instant navigation, leave nothing behind. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ready, summary } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
const WIDGETS = 20;

test("twenty widgets that are answered and removed leave fewer nodes than one has", async () => {
  await shared.withPage(async (page, context) => {
    await page.goto(shared.server.url);
    const session = await context.newCDPSession(page);
    /** The page's nodes, those that scripts still hold as well. */
    const nodes = async () => {
      await session.send("HeapProfiler.collectGarbage");
      return (await session.send("Memory.getDOMCounters")).nodes;
    };
    /** Another widget in the place of the last, until it has answered. */
    const renew = async () => {
      await page.evaluate(() => {
        const old = document.querySelector("onnx-demo");
        const next = document.createElement("onnx-demo");
        for (const name of ["id", "config"]) next.setAttribute(name, old?.getAttribute(name) ?? "");
        old?.replaceWith(next);
      });
      await ready(page);
      await summary(page);
    };
    await renew();
    const own = await page.evaluate(() => document.querySelectorAll("onnx-demo *").length);
    const before = await nodes();
    for (let i = 0; i < WIDGETS; i++) await renew();
    const more = (await nodes()) - before;
    assert.ok(own > 0 && more < own, `${more} nodes more, and a widget has ${own}`);
  });
});
