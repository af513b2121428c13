/** A real Chromium: from CHROME_PATH, the system, or the npm package that carries one. */

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const SYSTEM = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @returns {Promise<string>} */
export async function chromiumPath() {
  const given = process.env.CHROME_PATH;
  if (given) return given;
  const system = SYSTEM.find((path) => existsSync(path));
  if (system) return system;
  const { default: packaged } = await import("@sparticuz/chromium");
  return packaged.executablePath();
}

/** @param {string[]} [more] further flags */
export async function launch(more = []) {
  return chromium.launch({ executablePath: await chromiumPath(), args: [...FLAGS, ...more] });
}
