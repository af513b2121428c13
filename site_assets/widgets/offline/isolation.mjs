/**
 * Isolation from other sites, which a browser asks of a page before it may use threads. A static host cannot send the headers
 * for it, so the service worker adds them, once a reader wants them. The wish is kept, because the worker is started anew
 * again and again.
 */

const STORE = "onnx-widgets-settings";

export class Isolation {
  /** @type {Promise<boolean> | null} */
  #on = null;
  #caches;
  #key;

  /**
   * @param {string} root the site's address, with a slash at its end
   * @param {CacheStorage} caches
   */
  constructor(root, caches) {
    this.#caches = caches;
    this.#key = `${root}.onnx-widgets/isolated`;
  }

  /** @param {boolean} on */
  async set(on) {
    const store = await this.#caches.open(STORE);
    if (on) await store.put(this.#key, new Response("yes"));
    else await store.delete(this.#key);
    this.#on = Promise.resolve(on);
  }

  /**
   * A response as the reader wants it. A worker's script has its header always, because a page that is isolated stays so
   * when the wish has changed.
   *
   * @param {Request} request
   * @param {Response} response
   */
  async apply(request, response) {
    const page = request.mode === "navigate";
    if ((!page && request.destination !== "worker") || response.type === "opaqueredirect") return response;
    this.#on ??= this.#read();
    if (page && !(await this.#on)) return response;
    const headers = new Headers(response.headers);
    if (page) headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Embedder-Policy", "require-corp");
    const { status, statusText } = response;
    return new Response(response.body, { status, statusText, headers });
  }

  async #read() {
    const store = await this.#caches.open(STORE);
    return (await store.match(this.#key)) !== undefined;
  }
}
