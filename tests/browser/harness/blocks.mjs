/**
 * How long a page's main thread is blocked, from the browser's own trace.
 *
 * A task's time on the clock grows with whatever else the machine runs; its processor time is the page's own doing. So
 * tests hold the latter against a limit, and tell both.
 */

/**
 * @typedef {object} Blocks of the main thread, milliseconds
 * @property {number} processor of the task that took most processor time
 * @property {number} clock of the task that took longest by the clock
 */

/**
 * @param {import("playwright-core").Page} page
 * @param {() => Promise<void>} body what to watch; begins with a navigation of the page
 * @returns {Promise<Blocks>}
 */
export async function watchBlocks(page, body) {
  const browser = page.context().browser();
  if (!browser) throw new Error("a page without a browser cannot be traced");
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  /** @type {Buffer} */
  let trace;
  try {
    await body();
    // A task is traced when it ends, which may be after it has answered; this one runs after it.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  } finally {
    trace = await browser.stopTracing();
  }
  return longest(JSON.parse(trace.toString()).traceEvents, page.url());
}

/**
 * @param {any[]} events
 * @param {string} url of the page
 * @returns {Blocks}
 */
function longest(events, url) {
  const [address] = url.split(/[?#]/);
  const start = events.find(
    ({ name, args }) => name === "navigationStart" && args.data?.documentLoaderURL?.startsWith(address),
  );
  if (!start) throw new Error(`the trace has no visit to ${address}`);
  const tasks = events.filter(
    ({ name, ph, pid, tid, ts }) =>
      ph === "X" && name.endsWith("RunTask") && pid === start.pid && tid === start.tid && ts >= start.ts,
  );
  if (!tasks.some(({ tdur }) => tdur > 0)) throw new Error("the trace has no processor times");
  return {
    processor: Math.max(...tasks.map(({ tdur }) => tdur ?? 0)) / 1000,
    clock: Math.max(...tasks.map(({ dur }) => dur)) / 1000,
  };
}
