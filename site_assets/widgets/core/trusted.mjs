/**
 * Addresses of the widgets' own scripts, in the form that a page asks for which requires Trusted Types; nothing else may be
 * one. The widgets write no HTML, so a site allows them with `trusted-types onnx-widgets`.
 */

const OWN = new URL("../", import.meta.url).href;
/** At the root of a site that works offline. */
const SERVICE_WORKER = new URL("../../../../service-worker.js", OWN).href;

/** @type {{createScriptURL: (address: string) => string} | undefined} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("onnx-widgets", {
  createScriptURL: (/** @type {string} */ address) => {
    if (!address.startsWith(OWN) && address !== SERVICE_WORKER) throw new TypeError(`not the widgets' own: ${address}`);
    return address;
  },
});

/**
 * @param {URL} url of a worker
 * @returns {string} as such a page takes it
 */
export function scriptUrl(url) {
  return policy ? policy.createScriptURL(url.href) : url.href;
}
