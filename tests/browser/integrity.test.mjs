/** A built page refuses a module of its own, or a model, that is not what was published; the server's HTML stays. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { demo, failureText } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";
import { buildSite } from "./harness/site.mjs";

const { siteDir, port, home, withWidgets } = await buildSite();
const shared = setup({ server: { siteDir, port } });

test("a changed module is refused by the browser, and what the server wrote stays", async () => {
  await shared.withPage(
    async (page) => {
      await page.route(/core\/output\.mjs$/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: (await response.text()).replace("/**", "/* ") });
      });
      const refused = page.waitForEvent("console", (message) => /integrity.*output\.mjs/.test(message.text()));
      await page.goto(home + withWidgets[0]);
      await refused;
      assert.equal(await page.evaluate(() => customElements.get("onnx-demo")), undefined);
      assert.ok((await demo(page).textContent())?.trim());
    },
    { serviceWorkers: "block" }, // It answers from what it has checked itself.
  );
});

test("a card that its signer did not sign is refused in one line, though the page names its hash", async () => {
  await shared.withPage(
    async (page) => {
      /** @type {(text: string) => string} */
      let inPage = (text) => text;
      await page.route(/\/card\.json$/, async (route) => {
        const response = await route.fetch();
        const card = await response.text();
        await route.fulfill({ response, body: card.replace('"title": "', '"title": "A') });
      });
      await page.route(`${home}${withWidgets[0]}`, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: inPage(await response.text()) });
      });
      const text = await (await fetch(home + withWidgets[0])).text();
      const [, config] = /** @type {RegExpMatchArray} */ (text.match(/<onnx-demo [^>]*?config="([^"]*)"/));
      const { models } = JSON.parse(config.replaceAll("&#34;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&"));
      /** @type {[string, string][]} */
      const changes = [];
      for (const { card, sha256, bytes } of models) {
        const changed = (await (await fetch(new URL(card, home + withWidgets[0]))).text()).replace(
          '"title": "',
          '"title": "A',
        );
        const hash = createHash("sha256").update(changed).digest("hex");
        changes.push([`${bytes}, &#34;sha256&#34;: &#34;${sha256}`, `${bytes + 1}, &#34;sha256&#34;: &#34;${hash}`]);
      }
      inPage = (html) => changes.reduce((done, [from, to]) => done.replaceAll(from, to), html);
      await page.goto(home + withWidgets[0]);
      await demo(page).scrollIntoViewIfNeeded();
      assert.match(await failureText(page), /The model card is not what its maker signed\./);
    },
    { serviceWorkers: "block" },
  );
});
