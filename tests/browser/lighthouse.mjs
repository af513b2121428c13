/**
 * Lighthouse on the built report's pages with widgets: `node tests/browser/lighthouse.mjs [PATH…]` (SITE_DIR, or `site/`).
 * Exits with 1 when performance is below 90 or anything else below 100. A busy machine lowers the performance score.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import lighthouse from "lighthouse";
import { launch } from "./harness/browser.mjs";
import { ROOT, startServer } from "./harness/server.mjs";

const SITE = process.env.SITE_DIR ?? join(ROOT, "site");
const DEBUGGING_PORT = 9333;
const LEAST = { performance: 90, accessibility: 100, "best-practices": 100, seo: 100 };
const MEASURES = [
  "first-contentful-paint",
  "largest-contentful-paint",
  "total-blocking-time",
  "cumulative-layout-shift",
];

if (!existsSync(join(SITE, "index.html"))) {
  console.error(`no built site in ${SITE}: run \`make site\``);
  process.exit(1);
}
const given = process.argv.slice(2);
const pages = given.length > 0 ? given : pagesWithWidgets();
const server = await startServer({ siteDir: SITE });
const browser = await launch([`--remote-debugging-port=${DEBUGGING_PORT}`]);
let failed = false;
for (const page of pages) {
  const result = await lighthouse(server.url + page, { port: DEBUGGING_PORT, logLevel: "error" });
  if (!result) throw new Error(`Lighthouse gave no result for /${page}`);
  const { categories, audits } = result.lhr;
  const scores = Object.keys(LEAST).map((name) => ({ name, score: Math.round((categories[name].score ?? 0) * 100) }));
  console.log(`/${page}  ${scores.map(({ name, score }) => `${name} ${score}`).join("  ")}`);
  console.log(`  ${MEASURES.map((name) => `${audits[name].title} ${audits[name].displayValue}`).join(", ")}`);
  for (const { name, score } of scores) {
    if (score >= LEAST[/** @type {keyof typeof LEAST} */ (name)]) continue;
    failed = true;
    for (const { id } of categories[name].auditRefs.filter(({ weight }) => weight > 0)) {
      const { score: own, title, displayValue } = audits[id];
      if (own !== null && own < 0.9) console.log(`  ${name}: ${id} ${own} ${title} ${displayValue ?? ""}`);
    }
  }
}
await browser.close();
await server.close();
process.exitCode = failed ? 1 : 0;

function pagesWithWidgets() {
  return readdirSync(SITE, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("index.html") && readFileSync(join(SITE, path), "utf8").includes("<onnx-demo"))
    .map((path) => path.replace(/index\.html$/, ""));
}
