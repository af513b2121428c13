/** The game, played twice: once won by what the tests say, once lost. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BUDGET, deal, NAMES, PRICES, REWARD } from "../../site_assets/widgets/lab/game.mjs";
import { violations } from "./harness/axe.mjs";
import { watchErrors } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
const CARD = JSON.parse(readFileSync(new URL("../../site_assets/lab/game.json", import.meta.url), "utf8"));
const backdoored = CARD.networks.map((/** @type {{attack: unknown}} */ { attack }) => attack !== null);
/** A round with a blended trigger, which stamping needs artwork for, in the second network. */
const SEED = [...Array(1000).keys()].find((seed) => {
  const { members, guilty } = deal(seed, backdoored);
  return guilty === 1 && CARD.networks[members[1]].attack.trigger.kind === "blend";
});

test("a reader spends the budget on tests, wins a round with what they say, and loses one by guessing", async () => {
  await shared.withPage(async (page) => {
    const errors = watchErrors(page);
    /** @type {string[]} */
    const fetched = [];
    page.on("request", (request) => fetched.push(request.url()));
    await page.goto(`${shared.server.url}?game.seed=${SEED}&other=1`);
    await page.evaluate(() => {
      const game = Object.assign(document.createElement("backdoor-game"), { id: "game" });
      const heading = Object.assign(document.createElement("h2"), { textContent: "Game" });
      document.querySelector("onnx-demo")?.replaceWith(heading, game);
    });
    const press = (/** @type {string | RegExp} */ name) => page.getByRole("button", { name }).click();
    const begin = page.getByRole("button", { name: "Deal four networks" });
    await begin.waitFor();
    assert.ok(!fetched.some((url) => /game\.(json|bin)$/.test(url)), "nothing is fetched before the game begins");
    await begin.click();
    const status = page.locator(".bl-status");
    await status.filter({ hasText: `Round ${SEED}: ${BUDGET} of ${BUDGET} left` }).waitFor();
    assert.equal(await status.evaluate((element) => element === document.activeElement), true);
    assert.deepEqual(await violations(page), []);

    await press("Accuracy · 1 network A");
    await page.locator(".bl-verdict", { hasText: "of 200 test digits" }).waitFor();
    await page.keyboard.press("Enter"); // The focus stays on the button, which sells nothing twice.
    await press("STRIP · 3 network B");
    const told = page.locator(".bl-verdict", { hasText: "fell below the limit" });
    await told.waitFor();
    const below = Number(/^\d+/.exec((await told.textContent()) ?? "")?.[0]);
    assert.ok(below >= 8, `${below} of 100 inputs are suspicious, and 10 carry the trigger`);
    await page.locator("onnx-digit-pad").focus();
    for (const key of [" ", ...Array(12).fill("ArrowDown"), " "]) await page.keyboard.press(key);
    await page.getByLabel("Mark").selectOption({ index: 4 });
    await press("Show it to all four");
    const answers = page.getByRole("row", { name: "your drawing" });
    await answers.waitFor();
    assert.equal(await answers.getByRole("cell").count(), 1 + NAMES.length);
    await press("Search · 4 network C");
    await press("Stop network C");
    await page.locator(".bl-verdict", { hasText: "Stopped" }).waitFor();
    const left = BUDGET - PRICES.accuracy - PRICES.strip - PRICES.drawing - PRICES.search;
    assert.match((await status.textContent()) ?? "", new RegExp(`: ${left} of ${BUDGET} left`));
    await page.getByRole("radio", { name: "B" }).check();
    await page.getByRole("button", { name: "That is my guess" }).dblclick(); // A round ends once.
    await page.getByText(`Right: network B has the backdoor. ${REWARD + left} points.`).waitFor();
    assert.match((await page.locator("backdoor-game").textContent()) ?? "", /With it the network answers \d/);
    assert.deepEqual(await violations(page), []);

    await press("New round");
    await status.filter({ hasText: `${BUDGET} of ${BUDGET} left` }).waitFor();
    const seed = Number(new URL(page.url()).searchParams.get("game.seed"));
    assert.equal(new URL(page.url()).searchParams.get("other"), "1");
    const { guilty } = deal(seed, backdoored);
    await page.getByRole("radio", { name: guilty === null ? "A" : "none of them" }).check();
    await press("That is my guess");
    await page.getByText(/^Wrong: .* No points\.$/).waitFor();
    assert.match((await status.textContent()) ?? "", new RegExp(`${REWARD + left} points in 2 rounds`));
    assert.deepEqual(errors, []);
  });
});
