/** A server and a browser for a test file, and a fresh page for each test. */

import { after, before } from "node:test";
import { launch } from "./browser.mjs";
import { startServer } from "./server.mjs";

/** A machine may be busy with other things; waiting ends as soon as there is what is waited for. */
const PATIENCE_MS = 90_000;

/**
 * @param {{flags?: string[], server?: Parameters<typeof startServer>[0]}} [options]
 */
export function setup({ flags = [], server: serverOptions } = {}) {
  /** @type {{server: Awaited<ReturnType<typeof startServer>>, browser: import("playwright-core").Browser}} */
  const shared = /** @type {any} */ ({});
  before(async () => {
    shared.server = await startServer(serverOptions);
    shared.browser = await launch(flags);
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
      const context = await shared.browser.newContext({ viewport: { width: 1000, height: 900 }, ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      try {
        await body(await context.newPage(), context);
      } finally {
        shared.server.setFaults([]);
        await context.close();
      }
    },
  };
}
