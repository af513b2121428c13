/** Words for every failure: what happened, and what the reader can do about it. */

/**
 * @typedef {'no-wasm' | 'runtime' | 'offline' | 'network' | 'stalled' | 'missing' | 'html' | 'oversized' | 'hash' | 'unlisted' | 'unsigned' | 'signature' | 'unsignable' | 'card' | 'session' | 'unfit'
 *   | 'config' | 'not-isolated' | 'not-an-image' | 'undecodable' | 'ambiguous' | 'huge' | 'empty-drop'
 *   | 'camera-refused' | 'camera-absent' | 'camera-busy' | 'camera-insecure'
 *   | 'cancelled' | 'superseded' | 'crashed' | 'endless' | 'failed' | 'interrupted' | 'internal'} Code
 */
/** @typedef {{what?: string, status?: number, found?: string, expected?: string, limit?: number}} Details */
/** @typedef {{code: Code, details: Details, message: string}} PlainError an error as it crosses to another thread */
/** @typedef {{title: string, advice: string, retry: boolean}} Words */

/** An error that has words for the reader. */
export class WidgetError extends Error {
  /**
   * @param {Code} code
   * @param {Details} [details]
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, details = {}, options = {}) {
    super(`${code} ${JSON.stringify(details)}`, options);
    this.name = "WidgetError";
    this.code = code;
    this.details = details;
  }
}

/** @type {Record<Code, (details: Details) => Words>} */
const WORDS = {
  "no-wasm": () => ({
    title: "This browser cannot run the network.",
    advice:
      "It needs WebAssembly with SIMD, which every major browser has had since 2023. Update it, or switch off its strictest security mode for this site.",
    retry: false,
  }),
  runtime: ({ what }) => ({
    title: "The neural-network runtime did not start.",
    advice: `Reload the page. If it happens again, an extension or a policy may be blocking WebAssembly${what ? ` (${what})` : ""}.`,
    retry: true,
  }),
  offline: ({ what }) => ({
    title: "You are offline.",
    advice: `${capitalised(what)} has not been stored on this device yet. Connect to the internet, then try again.`,
    retry: true,
  }),
  network: ({ what }) => ({
    title: "The download was interrupted.",
    advice: `${capitalised(what)} could not be fetched. Check the connection, then try again.`,
    retry: true,
  }),
  stalled: ({ what, limit }) => ({
    title: "The download has stalled.",
    advice: `Nothing more of ${what ?? "the file"} came for ${limit ?? "many"} seconds. Check the connection, then try again.`,
    retry: true,
  }),
  missing: ({ what, status }) => ({
    title: `${capitalised(what)} is not on the server.`,
    advice: `The server answered ${status}. The page may be older than the site: reload it.`,
    retry: true,
  }),
  html: ({ what }) => ({
    title: `The server sent a web page instead of ${what ?? "the file"}.`,
    advice:
      "It is probably an error page, or the sign-in page of a Wi-Fi network. Open the site in a new tab, then try again.",
    retry: true,
  }),
  hash: ({ what }) => ({
    title: `${capitalised(what)} is not the file that was published.`,
    advice:
      "Its SHA-256 differs from the published one, so it was not used. Try again; if it happens again, tell the site’s owner.",
    retry: true,
  }),
  oversized: ({ what }) => ({
    title: `${capitalised(what)} is larger than what was published.`,
    advice: "It was not read to its end, and not used. Try again; if it happens again, tell the site’s owner.",
    retry: true,
  }),
  unlisted: ({ what }) => ({
    title: `${capitalised(what)} cannot be checked.`,
    advice: "This page names no SHA-256 for it, so it is not used. Tell the site’s owner.",
    retry: false,
  }),
  unsigned: ({ what }) => ({
    title: `${capitalised(what)} is not signed.`,
    advice: "This site uses signed models only, so it was not used. Tell the site’s owner.",
    retry: false,
  }),
  signature: ({ what }) => ({
    title: `${capitalised(what)} is not what its maker signed.`,
    advice:
      "Its signature does not match its content and the key that this page names, so it was not used. Tell the site’s owner.",
    retry: false,
  }),
  unsignable: ({ what }) => ({
    title: `This browser cannot check the signature of ${what ?? "the file"}.`,
    advice: "It needs Ed25519 on a secure page (https), which all major browsers have had since 2025. Update it.",
    retry: false,
  }),
  card: ({ what, found }) => ({
    title: "The model card cannot be used.",
    advice: `${capitalised(what)}: ${found ?? "it is damaged"}. Tell the site’s owner.`,
    retry: false,
  }),
  session: ({ what, found }) => ({
    title: "The network could not be opened.",
    advice: `${capitalised(what)} is intact, but the runtime refused it${found ? `: ${found}` : ""}. Reload the page with other tabs closed: it may lack memory.`,
    retry: true,
  }),
  unfit: ({ what, found }) => ({
    title: "The network does not fit its model card.",
    advice: `${capitalised(what ?? "the model")}: ${found ?? "it takes or gives something else"}. Tell the site’s owner.`,
    retry: false,
  }),
  "not-isolated": () => ({
    title: "This page is not isolated from other sites, which threads need.",
    advice: "Its service worker can isolate it, unless the browser or a forced reload passes by it.",
    retry: false,
  }),
  config: ({ found }) => ({
    title: "This demonstration is misconfigured.",
    advice: `${found ?? "Its configuration is not valid"}. Tell the site’s owner.`,
    retry: false,
  }),
  "not-an-image": ({ what }) => ({
    title: "That is not an image.",
    advice: `${what ? `“${what}” is another kind of file. ` : ""}Choose a PNG, JPEG, WebP, GIF or AVIF.`,
    retry: false,
  }),
  undecodable: ({ what }) => ({
    title: "This image cannot be read.",
    advice: `${what ? `“${what}” is` : "It is"} damaged, or in a format that this browser does not know. Save it as PNG or JPEG and try again.`,
    retry: false,
  }),
  ambiguous: ({ what, found }) => ({
    title: "This image can be read in more than one way.",
    advice: `${what ? `“${what}”` : "It"}: ${found ?? "programs differ"}. Save it as PNG and try again.`,
    retry: false,
  }),
  huge: ({ found, limit }) => ({
    title: "This image is too large.",
    advice: `It has ${found ?? "too many"}; at most ${Math.round((limit ?? 5e7) / 1e6)} million are read. Make it smaller first.`,
    retry: false,
  }),
  "empty-drop": () => ({
    title: "No image was found.",
    advice: "Drop or paste the image itself, not a link to it, or choose a file.",
    retry: false,
  }),
  "camera-refused": () => ({
    title: "The camera was not allowed.",
    advice: "Allow it for this site in the address bar and start it again. The images never leave this tab.",
    retry: false,
  }),
  "camera-absent": () => ({
    title: "No camera was found.",
    advice: "Connect one, or choose a photo instead.",
    retry: false,
  }),
  "camera-busy": () => ({
    title: "The camera is in use.",
    advice: "Another tab or application has it. Close that one, then start the camera again.",
    retry: false,
  }),
  "camera-insecure": () => ({
    title: "The camera needs a secure page.",
    advice: "Browsers allow it only on pages opened over https or from this computer. Choose a photo instead.",
    retry: false,
  }),
  cancelled: () => ({
    title: "Loading was cancelled.",
    advice: "The partial download was discarded.",
    retry: true,
  }),
  superseded: () => ({ title: "A newer image has replaced it.", advice: "", retry: false }),
  crashed: () => ({
    title: "The network’s thread stopped.",
    advice: "The device may be short of memory. Close other tabs, then try again.",
    retry: true,
  }),
  endless: ({ limit }) => ({
    title: "The network did not come to an end.",
    advice: `It was stopped after ${limit ?? "many"} seconds without an answer. On a slow or busy device, trying again may help.`,
    retry: true,
  }),
  failed: ({ what, found }) => ({
    title: "The network failed on this image.",
    advice: `${capitalised(what ?? "the model")} could not be computed${found ? `: ${found}` : ""}. Try another image, or close other tabs: it may lack memory.`,
    retry: true,
  }),
  interrupted: () => ({
    title: "The networks were stopped with another one.",
    advice: "A network of this page had to be stopped. Try again.",
    retry: true,
  }),
  internal: ({ found }) => ({
    title: "Something went wrong.",
    advice: `Reload the page${found ? ` (${found})` : ""}.`,
    retry: true,
  }),
};

/** @param {string | undefined} what */
function capitalised(what = "the file") {
  return what.charAt(0).toUpperCase() + what.slice(1);
}

/**
 * @param {unknown} error anything that was thrown
 * @returns {Words}
 */
export function words(error) {
  const known = toWidgetError(error);
  return WORDS[known.code](known.details);
}

/**
 * @param {unknown} error
 * @returns {WidgetError}
 */
export function toWidgetError(error) {
  if (error instanceof WidgetError) return error;
  if (error instanceof Error && error.name === "AbortError") return new WidgetError("cancelled", {}, { cause: error });
  return new WidgetError("internal", { found: textOf(error) }, { cause: error });
}

/** What was thrown, as text; the runtime throws numbers, too. @param {unknown} error */
export function textOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {unknown} error
 * @returns {PlainError} safe to post to another thread
 */
export function toPlain(error) {
  const { code, details, message } = toWidgetError(error);
  return { code, details, message };
}

/** @param {PlainError} plain */
export function fromPlain(plain) {
  return new WidgetError(plain.code, plain.details);
}

/** Every code that has words; the tests go through them. */
export const CODES = /** @type {Code[]} */ (Object.keys(WORDS));
