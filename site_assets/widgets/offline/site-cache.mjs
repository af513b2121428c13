/**
 * One version of the site, kept whole: what a service worker stores when it is installed and answers from afterwards.
 *
 * A version is a list of files with their revisions. All of it is stored before the version is used, and what is stored is
 * never replaced: so a page never gets files of two versions. Files whose addresses hold a hash (networks, the runtime) are
 * not in the list; the widgets keep them by that hash.
 */

/** @typedef {{version: string, files: Record<string, string>}} Build address below the site's root -> revision */

const PREFIX = "site-";
const TOGETHER = 8;

export class SiteCache {
  /**
   * @param {Build} build
   * @param {string} root the site's address, with a slash at its end
   * @param {{caches: CacheStorage, fetch: typeof fetch}} browser
   */
  constructor(build, root, browser) {
    this.build = build;
    this.root = root;
    this.browser = browser;
    this.name = `${PREFIX}${build.version}`;
  }

  /** Store every file; one that an older version has unchanged is copied from there. Fails as a whole. */
  async install() {
    const { caches } = this.browser;
    const own = await caches.open(this.name);
    const older = await Promise.all((await this.#others()).map((name) => caches.open(name)));
    const waiting = Object.entries(this.build.files);
    const work = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await this.#store(own, older, ...next);
    };
    try {
      await Promise.all(Array.from({ length: TOGETHER }, work));
    } catch (error) {
      waiting.length = 0;
      await caches.delete(this.name);
      throw error;
    }
  }

  /** Remove the versions before this one. */
  async activate() {
    await Promise.all((await this.#others()).map((name) => this.browser.caches.delete(name)));
  }

  /**
   * The answer to a request, if this version has it: a page with or without `index.html`, whatever its query.
   *
   * @param {Request} request
   * @returns {Promise<Response | undefined>}
   */
  async answer(request) {
    const address = this.addressOf(request.url);
    if (address === null) return undefined;
    const own = await this.browser.caches.open(this.name);
    const kept = await own.match(this.#key(address));
    if (kept || request.mode !== "navigate") return kept;
    return this.browser.fetch(request).catch(async (error) => {
      const missing = await own.match(this.#key("404.html"));
      if (!missing) throw error;
      return new Response(missing.body, { status: 404, headers: missing.headers });
    });
  }

  /**
   * Which file of the build an address names.
   *
   * @param {string} url
   * @returns {string | null} null for none
   */
  addressOf(url) {
    const { origin, pathname } = new URL(url);
    const path = `${origin}${pathname}`;
    if (!path.startsWith(this.root)) return null;
    const address = decodeURIComponent(path.slice(this.root.length));
    return /(^|\/)$/.test(address) ? `${address}index.html` : address;
  }

  /** @param {string} address */
  #key(address) {
    const revision = Object.hasOwn(this.build.files, address) ? this.build.files[address] : "none";
    return `${this.root}${encodeURI(address)}?revision=${revision}`;
  }

  async #others() {
    return (await this.browser.caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== this.name);
  }

  /**
   * @param {Cache} own
   * @param {Cache[]} older
   * @param {string} address
   * @param {string} revision
   */
  async #store(own, older, address, revision) {
    const key = this.#key(address);
    for (const cache of [own, ...older]) {
      const kept = await cache.match(key);
      if (!kept) continue;
      if (cache !== own) await own.put(key, kept);
      return;
    }
    const place = address.replace(/(^|\/)index\.html$/, "$1");
    const response = await this.browser.fetch(`${this.root}${encodeURI(place)}`, { cache: "no-cache" });
    if (!response.ok && address !== "404.html") throw new Error(`${address}: the server answered ${response.status}`);
    const content = await response.arrayBuffer();
    if ((await revisionOf(content)) !== revision) throw new Error(`${address} is of another version`);
    const type = response.headers.get("content-type");
    await own.put(key, new Response(content, { headers: type ? { "content-type": type } : {} }));
  }
}

/**
 * @param {ArrayBuffer} content
 * @returns {Promise<string>} the first 16 digits of its SHA-256
 */
async function revisionOf(content) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
