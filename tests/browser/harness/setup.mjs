/** A server and a browser for a test file, and a fresh page, or a fresh widget on a page that is there, for each test. */

import { after, before } from "node:test";
import { launch } from "./browser.mjs";
import { ready, summary } from "./drive.mjs";
import { startServer } from "./server.mjs";

/** A machine may be busy with other things. A wait ends as soon as its condition holds. */
const PATIENCE_MS = 90_000;
const VIEWPORT = { width: 1000, height: 900 };
/**
 * A page that is open for seconds is not worth an optimising compiler's time: here it takes over later than in a reader's
 * browser. What measures speed launches a browser as it is.
 */
const QUICK = "--js-flags=--wasm-tiering-budget=200000000";

/**
 * @param {{flags?: string[], server?: Parameters<typeof startServer>[0]}} [options]
 */
export function setup({ flags = [], server: serverOptions } = {}) {
  /** @type {{server: Awaited<ReturnType<typeof startServer>>, browser: import("playwright-core").Browser}} */
  const shared = /** @type {any} */ ({});
  /** Kept from test to test, with its networks open. @type {import("playwright-core").Page | null} */
  let kept = null;
  /** Of the kept page's widget. @type {[name: string, value: string][]} */
  let attributes = [];

  /** @param {import("playwright-core").BrowserContextOptions} [options] */
  async function newContext(options) {
    const context = await shared.browser.newContext({ viewport: VIEWPORT, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  }

  /**
   * The kept page as a first visit shows it: another widget in the place of the last, and no camera of a test's own.
   *
   * @param {string} query of its address
   */
  async function renewed(query) {
    const asked = query && `?${query}`; // modules are loaded relative to an address without a bare "?"
    if (kept === null) {
      const page = await (await newContext()).newPage();
      await page.goto(`${shared.server.url}${asked}`);
      attributes = await page
        .locator("onnx-demo")
        .evaluate((element) => ["id", "config"].map((name) => [name, element.getAttribute(name) ?? ""]));
      kept = page;
      return kept;
    }
    kept.removeAllListeners();
    await kept.emulateMedia({ colorScheme: null, reducedMotion: null });
    await kept.setViewportSize(VIEWPORT);
    await kept.mouse.move(1, 1);
    await kept.evaluate(
      ([given, search]) => {
        history.replaceState(null, "", `${location.pathname}${search}`);
        for (const name of Object.keys(navigator.mediaDevices)) Reflect.deleteProperty(navigator.mediaDevices, name);
        for (const each of document.querySelectorAll("onnx-demo")) each.remove();
        const widget = document.createElement("onnx-demo");
        for (const [name, value] of given) widget.setAttribute(name, value);
        document.querySelector("main > p")?.after(widget);
        scrollTo(0, 0);
      },
      /** @type {const} */ ([attributes, asked]),
    );
    return kept;
  }

  before(async () => {
    shared.server = await startServer(serverOptions);
    shared.browser = await launch([QUICK, ...flags]);
  });
  after(async () => {
    await shared.browser?.close();
    await shared.server?.close();
  });
  return {
    get server() {
      return shared.server;
    },
    get browser() {
      return shared.browser;
    },
    /**
     * @param {(page: import("playwright-core").Page, context: import("playwright-core").BrowserContext) => Promise<void>} body
     * @param {import("playwright-core").BrowserContextOptions} [options]
     */
    async withPage(body, options) {
      const context = await newContext(options);
      try {
        await body(await context.newPage(), context);
      } finally {
        shared.server.setFaults([]);
        await context.close();
      }
    },
    /**
     * For what is the same on every visit: a new widget whose networks are open already and which shows its first
     * sample's answer. A test that fails leaves no page behind.
     *
     * @param {(page: import("playwright-core").Page) => Promise<void>} body
     * @param {string} [query] of the page's address
     */
    async withDemo(body, query = "") {
      const page = await renewed(query);
      try {
        await ready(page);
        await summary(page);
        await body(page);
      } catch (error) {
        kept = null;
        await page.context().close();
        throw error;
      }
    },
  };
}
