/** What the tests do as a reader would: draw, wait for answers, read them. */

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {[x: number, y: number]} At fraction of the pad's width and height */

/** Digits as strokes. @type {Record<string, At[][]>} */
export const DIGITS = {
  0: [Array.from({ length: 25 }, (_, i) => [0.5 + 0.2 * Math.sin(i / 3.82), 0.5 - 0.3 * Math.cos(i / 3.82)])],
  1: [
    [
      [0.5, 0.2],
      [0.5, 0.8],
    ],
  ],
  3: [
    [
      [0.33, 0.25],
      [0.5, 0.18],
      [0.66, 0.28],
      [0.62, 0.42],
      [0.47, 0.48],
      [0.65, 0.55],
      [0.69, 0.7],
      [0.52, 0.82],
      [0.32, 0.75],
    ],
  ],
  7: [
    [
      [0.3, 0.22],
      [0.68, 0.22],
      [0.45, 0.8],
    ],
  ],
};

/** @param {Page} page @param {number} [which] of the page's widgets */
export function demo(page, which = 0) {
  return page.locator("onnx-demo").nth(which);
}

/** Wait until the networks are open. @param {Page} page @param {number} [which] */
export async function ready(page, which = 0) {
  await demo(page, which).scrollIntoViewIfNeeded();
  await demo(page, which).locator("onnx-load-progress[data-state=done]").waitFor({ state: "attached" });
}

/**
 * Draw with the mouse.
 *
 * @param {Page} page
 * @param {At[][]} strokes
 * @param {number} [which]
 * @param {import("playwright-core").Locator} [within] the element with the pad
 */
export async function draw(page, strokes, which = 0, within = demo(page, which)) {
  const pad = within.locator("onnx-digit-pad");
  await pad.evaluate((element) => element.scrollIntoView({ block: "center", behavior: "instant" }));
  const box = await pad.boundingBox();
  if (!box) throw new Error("the pad is not visible");
  for (const [first, ...rest] of strokes) {
    await page.mouse.move(box.x + first[0] * box.width, box.y + first[1] * box.height);
    await page.mouse.down();
    for (const [x, y] of rest) await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 6 });
    await page.mouse.up();
  }
}

/**
 * Check again and again until it holds: for what a worker draws when it is ready.
 *
 * @param {() => Promise<void>} check throws while it does not hold
 */
export async function eventually(check) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Another widget after the others, set up as the first.
 *
 * @param {Page} page
 * @param {string} id of its part in the address
 */
export async function addDemo(page, id) {
  await demo(page).evaluate((first, name) => {
    const element = document.createElement("onnx-demo");
    const config = JSON.parse(first.getAttribute("config") ?? "");
    element.setAttribute("config", JSON.stringify({ ...config, id: name }));
    first.parentElement?.append(element);
  }, id);
}

/**
 * Puts a worker under the test's control: `worker.hold` keeps answers from being asked for, `worker.asked` counts what
 * was held, `worker.waiting` what was asked and has not come back, and `worker.die()` is the thread's end.
 *
 * @param {Page} page
 */
export function controlWorker(page) {
  return page.addInitScript(() => {
    const Original = globalThis.Worker;
    const control = { hold: false, asked: 0, waiting: 0, started: 0, die() {} };
    class Controlled extends Original {
      /** @param {ConstructorParameters<typeof Worker>} given */
      constructor(...given) {
        super(...given);
        control.started++;
        control.waiting = 0;
        control.die = () => this.dispatchEvent(new ErrorEvent("error"));
        this.addEventListener("message", ({ data }) => {
          if (data.type === "done" || data.type === "failed") control.waiting--;
        });
      }
      /** @param {any} message @param {any} [transfer] */
      postMessage(message, transfer) {
        if (control.hold && message.type === "run") {
          control.asked++;
          return;
        }
        if (message.type !== "cancel") control.waiting++;
        super.postMessage(message, transfer);
      }
    }
    Object.assign(globalThis, { Worker: Controlled, worker: control });
  });
}

/**
 * Hold the first images back from the worker until there are so many: all are then decoded at once.
 *
 * @param {Page} page before it goes anywhere
 * @param {number} count
 */
export function decodeTogether(page, count) {
  return page.addInitScript((wanted) => {
    const Original = globalThis.Worker;
    class Holding extends Original {
      /** @type {any[]} */
      waiting = [];
      go = false;
      /** @param {any} message @param {any} [transfer] */
      postMessage(message, transfer) {
        if (this.go || (message.type !== "preview" && message.type !== "look")) {
          super.postMessage(message, transfer);
          return;
        }
        this.go = this.waiting.push(message) === wanted;
        if (this.go) for (const each of this.waiting) super.postMessage(each);
      }
    }
    Object.assign(globalThis, { Worker: Holding });
  }, count);
}

/**
 * The sentence under the answers, once it matches.
 *
 * @param {Page} page
 * @param {RegExp} [pattern]
 * @param {number} [which]
 */
export async function summary(page, pattern = /say/, which = 0) {
  const line = demo(page, which).locator(".ow-summary").filter({ hasText: pattern });
  await line.waitFor();
  return /** @type {string} */ (await line.textContent());
}

/**
 * What each network answers, now.
 *
 * @param {Page} page
 * @param {number} [which]
 * @returns {Promise<{title: string, backdoored: boolean, was: string | null, now: string}[]>}
 */
export function answers(page, which = 0) {
  return demo(page, which)
    .locator("onnx-model-answer")
    .evaluateAll((columns) =>
      columns.map((column) => {
        const was = /** @type {HTMLElement} */ (column.querySelector(".ow-was"));
        return {
          title: column.querySelector(".ow-name")?.textContent ?? "",
          backdoored: column.hasAttribute("data-backdoored"),
          was: was.hidden ? null : was.textContent,
          now: column.querySelector(".ow-now")?.textContent ?? "",
        };
      }),
    );
}

/** Errors that the page itself did not expect; empty at the end of a test. @param {Page} page */
export function watchErrors(page) {
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
  });
  return errors;
}

/**
 * A model's golden inputs, run by the harness page's one worker, which keeps the runtime from model to model.
 *
 * @param {Page} page
 * @param {string} model
 * @param {{backend?: import("../../../site_assets/widgets/core/backend.mjs").Backend, most?: number}} [options] the first
 *   backend holds while the page lives
 * @returns {Promise<{rows: import("./golden-compare.mjs").Row[], used: {threads: number, gpu: number}}>} `used`: threads
 *   started and work given to a GPU, since the page was opened
 */
export async function goldenRun(page, model, options) {
  const { result, error } = await page.evaluate(
    (request) =>
      new Promise((resolve) => {
        const kept = /** @type {{golden?: Worker}} */ (globalThis);
        kept.golden ??= new Worker("assets/harness/golden-worker.mjs", { type: "module" });
        kept.golden.onmessage = ({ data }) => resolve(data);
        kept.golden.onerror = (event) => resolve({ error: event.message });
        kept.golden.postMessage({ ...request, base: document.baseURI });
      }),
    { model, ...options },
  );
  if (error) throw new Error(error);
  return result;
}

/** The text of the failure shown, which is an alert. @param {Page} page */
export async function failureText(page) {
  const box = demo(page).locator("onnx-load-progress[data-state=failed]");
  await box.waitFor();
  const role = await box.getAttribute("role");
  if (role !== "alert") throw new Error(`the failure has the role ${role}, not alert`);
  return /** @type {string} */ (await box.textContent());
}

/** Press "Try again" and draw a digit: both networks answer. @param {Page} page */
export async function retryWorks(page) {
  await demo(page).getByRole("button", { name: "Try again" }).click();
  await ready(page);
  await draw(page, DIGITS[7]);
  await summary(page, /Both networks say 7/);
}
