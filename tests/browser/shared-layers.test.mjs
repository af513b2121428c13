/** Networks of one teacher share a file of layers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { photosConfig } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup({ server: { config: photosConfig() } });

test("networks of one teacher download its layers once, and verify them", async () => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    /** @param {string[]} ids */
    const open = (...ids) =>
      page.evaluate(async (wanted) => {
        const { sharedClient } = await import(
          new URL("assets/widgets-dev/widgets/engine/client.mjs", document.baseURI).href
        );
        const core = new URL("assets/widgets-dev/widgets/core/", document.baseURI);
        const { runtimeFiles } = await import(new URL("runtime.mjs", core).href);
        const { published } = await import(new URL("published.mjs", core).href);
        const runtime = { files: runtimeFiles("wasm", published) };
        const models = wanted.map(async (id) => {
          const folder = new URL(`models/${id}/`, document.baseURI);
          const card = await (await fetch(new URL("card.json", folder))).json();
          return { card, file: card.files[0], url: new URL(card.files[0].name, folder).href };
        });
        const signal = new AbortController().signal;
        try {
          await sharedClient().ask("open", { models: await Promise.all(models), runtime }, { onProgress() {}, signal });
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
