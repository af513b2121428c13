/** The built report below a sub-path: its policy holds, nothing leaves the site, instant navigation, search and schemes work. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ready } from "./harness/drive.mjs";
import { BASE, ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const PAGES = ["", "regular/", "models/", "lab/", "embed/", "reproduce/", "references/"];
const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

const port = await freePort();
const host = `127.0.0.1:${port}`;
const home = `http://${host}${BASE}`;
const siteDir = mkdtempSync(join(tmpdir(), "report-"));
// Instant navigation compares addresses with the sitemap, so the site is built for this very port.
execFileSync(join(ROOT, ".venv/bin/mkdocs"), ["build", "--strict", "--quiet", "--site-dir", siteDir], {
  cwd: ROOT,
  env: { ...process.env, SITE_URL: home, NO_MKDOCS_2_WARNING: "1" },
});
after(() => rmSync(siteDir, { recursive: true }));

const shared = setup({ server: { siteDir, port } });

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port: found } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(found));
    });
  });
}

/**
 * Collects what must not happen on a page.
 *
 * @param {import("playwright-core").Page} page
 */
async function watch(page) {
  /** @type {string[]} */
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (!["data:", "blob:"].includes(asked.protocol) && asked.host !== host) wrong.push(`request ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
    });
  });
  return wrong;
}

/** @param {import("playwright-core").Page} page */
async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    /** @type {any} */ (globalThis).axe.run(document, { resultTypes: ["violations"] }),
  );
  return found.violations.map(
    (/** @type {any} */ each) => `${each.id} at ${each.nodes.length} places: ${each.nodes[0].html}`,
  );
}

for (const address of PAGES) {
  for (const [colorScheme, width] of /** @type {const} */ ([
    ["light", 1280],
    ["dark", 360],
  ])) {
    test(`${address || "front page"}, ${colorScheme}, ${width} pixels: axe finds nothing, nothing is blocked`, async () => {
      await shared.withPage(
        async (page) => {
          const wrong = await watch(page);
          await page.goto(home + address);
          await page.waitForTimeout(600);
          assert.deepEqual(await violations(page), []);
          assert.deepEqual(wrong, []);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
        },
        { colorScheme, viewport: { width, height: 800 } },
      );
    });
  }
}

test("instant navigation brings pages and working widgets without loading anew", async () => {
  await shared.withPage(async (page) => {
    const wrong = await watch(page);
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${home}references/`);
    let loads = 0;
    page.on("load", () => {
      loads += 1;
    });
    for (const name of ["Models", "Reproduce", "Introduction"]) {
      await page.locator(".md-tabs__link", { hasText: name }).click();
      await page.locator("h1", { hasText: name === "Introduction" ? "Backdoors" : name }).waitFor();
    }
    await ready(page);
    assert.equal(loads, 0);
    assert.deepEqual(wrong, []);
  });
});

test("search and the colour schemes work under the policy", async () => {
  await shared.withPage(
    async (page) => {
      const wrong = await watch(page);
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(home);
      await page.locator(".md-search__input").click();
      await page.keyboard.type("trigger");
      await page.locator(".md-search-result__item").first().waitFor();
      await page.keyboard.press("Escape");
      const schemes = new Set();
      for (let clicks = 0; clicks < 3; clicks += 1) {
        await page.locator("form[data-md-component=palette] label:visible").first().click();
        schemes.add(await page.evaluate(() => document.body.dataset.mdColorScheme));
      }
      assert.deepEqual(schemes, new Set(["default", "slate"]));
      assert.deepEqual(wrong, []);
    },
    { colorScheme: "light" },
  );
});

test("without scripts, a page with widgets still names its networks and offers them", async () => {
  await shared.withPage(
    async (page) => {
      await page.goto(home);
      const demo = page.locator("onnx-demo").first();
      await demo.locator("a[download]").first().waitFor();
      assert.match((await demo.textContent()) ?? "", /needs JavaScript and WebAssembly[\s\S]*BACKDOORED-/);
    },
    { javaScriptEnabled: false },
  );
});

test("the 404 page keeps the report's looks below the sub-path", async () => {
  const html = readFileSync(join(siteDir, "404.html"), "utf8");
  assert.match(html, new RegExp(`href="${BASE}assets/stylesheets/main`));
  assert.match(html, /Content-Security-Policy/);
});
