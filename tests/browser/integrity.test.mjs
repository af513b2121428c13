/** A built page refuses a module of its own that is not what was published; the server's HTML stays. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { demo } from "./harness/drive.mjs";
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
