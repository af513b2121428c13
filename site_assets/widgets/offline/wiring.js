// The end of the service worker: its events. What stands above is `site-cache.mjs`, `isolation.mjs` and BUILD, put there by
// the plugin.

/* global BUILD, Isolation, SiteCache */

const root = new URL("./", self.location.href).href;
const isolation = new Isolation(root, caches);
const site = new SiteCache(BUILD, root, {
  caches,
  fetch: (...given) => fetch(...given),
});

self.addEventListener("install", (event) => event.waitUntil(site.install()));
self.addEventListener("activate", (event) => event.waitUntil(site.activate()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || request.headers.has("range")) return;
  const address = site.addressOf(request.url);
  if (address === null) return;
  if (!Object.hasOwn(BUILD.files, address) && request.mode !== "navigate") return;
  const answer = site.answer(request).then((kept) => kept ?? fetch(request));
  event.respondWith(answer.then((response) => isolation.apply(request, response)));
});

self.addEventListener("message", (event) => {
  const { type, version, on } = event.data ?? {};
  if (type === "use") self.skipWaiting(); // The reader wants the new version now.
  if (type === "isolate") event.waitUntil(isolation.set(on).then(() => event.ports[0].postMessage("done")));
  if (type === "claim" && version === BUILD.version) event.waitUntil(self.clients.claim());
});
