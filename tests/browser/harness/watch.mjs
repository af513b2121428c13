/** What must not happen while a page is open: errors, breaches of the policy, requests to other hosts, shifts. */

/** @typedef {import("playwright-core").Page} Page */

/**
 * @param {Page} page not yet at its address
 * @param {string} host the only one that may be asked
 * @returns {Promise<string[]>} a line for each thing that happened, as it happens
 */
export async function watch(page, host) {
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
    Object.assign(globalThis, { shift: 0 });
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries()))
        if (!entry.hadRecentInput) /** @type {any} */ (globalThis).shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  return wrong;
}

/** The cumulative layout shift of a page that is watched. @param {Page} page @returns {Promise<number>} */
export const shiftOf = (page) => page.evaluate(() => /** @type {any} */ (globalThis).shift);
