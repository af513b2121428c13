import assert from "node:assert/strict";
import { test } from "node:test";

/** A browser whose pages can require Trusted Types. */
Object.assign(globalThis, {
  trustedTypes: { createPolicy: (/** @type {string} */ _, /** @type {object} */ rules) => rules },
});
const { scriptUrl } = await import("../../../site_assets/widgets/core/trusted.mjs");

test("the widgets’ own scripts and the site’s service worker may be workers, and nothing else", () => {
  const own = new URL("../../../site_assets/widgets/worker/worker.mjs", import.meta.url);
  const service = new URL("../../../../service-worker.js", new URL("../../../site_assets/widgets/", import.meta.url));
  for (const url of [own, service]) assert.equal(scriptUrl(url), url.href);
  for (const url of ["https://elsewhere.example/worker.mjs", "data:text/javascript,", new URL("../card.mjs", service)])
    assert.throws(() => scriptUrl(new URL(url)), /not the widgets' own/);
});
