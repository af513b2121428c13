/** A real Firefox, over WebDriver BiDi: from FIREFOX_PATH or the system. */

import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

const SYSTEM = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];

export const firefoxPath = process.env.FIREFOX_PATH ?? SYSTEM.find((path) => existsSync(path));

/** Why a test needs to be skipped, or false. */
export const skip = firefoxPath === undefined && "Firefox is not installed: apt-get install firefox-esr";

/** A machine may be busy with other things. A wait ends as soon as its condition holds. */
const PATIENCE_MS = 90_000;

export function launchFirefox() {
  return puppeteer.launch({ browser: "firefox", executablePath: firefoxPath, headless: true, timeout: PATIENCE_MS });
}

/**
 * Firefox's complaint, without an address, where an image is removed while the service worker answers for it: a widget
 * replaces those that the page came with. Of a request that fails the complaint has the address.
 */
const LEFT_WHILE_LOADING = /^Failed to load ‘’\. A ServiceWorker intercepted the request/;

/**
 * A new page, and what it complains of.
 *
 * @param {import("puppeteer-core").Browser} browser
 */
export async function newPage(browser) {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  /** @type {string[]} */
  const wrong = [];
  /** @param {string} text */
  const complain = (text) => {
    if (!LEFT_WHILE_LOADING.test(text)) wrong.push(text);
  };
  page.on("console", (message) => {
    if (message.type() === "error") complain(message.text());
  });
  page.on("pageerror", (error) => complain(error instanceof Error ? error.message : String(error)));
  return { page, wrong };
}
