// The end of the service worker: its events. What stands above is `site-cache.mjs` and BUILD, put there by the plugin.

/* global BUILD, SiteCache */

const site = new SiteCache(BUILD, new URL("./", self.location.href).href, {
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
  event.respondWith(site.answer(request).then((kept) => kept ?? fetch(request)));
});

self.addEventListener("message", (event) => {
  const { type, version } = event.data ?? {};
  if (type === "use") self.skipWaiting(); // The reader wants the new version now.
  if (type === "claim" && version === BUILD.version) event.waitUntil(self.clients.claim());
});
