/** The reader's own photo: one given to another demo of the page is shown in the figure too. */

/** @typedef {HTMLElement & {ownPhoto?: Blob | null}} Demo */

/**
 * @param {Demo} demo
 * @param {{chooseFile: (blob: Blob) => void}} source the demo's
 * @param {AbortSignal} signal
 */
export function followOwnPhoto(demo, source, signal) {
  const given = [...document.querySelectorAll("onnx-demo")].map((other) => /** @type {Demo} */ (other).ownPhoto);
  const photo = given.find((blob) => blob);
  if (photo && !demo.ownPhoto) source.chooseFile(photo);
  document.addEventListener(
    "image",
    (event) => {
      const other = event.target instanceof Element ? event.target.closest("onnx-demo") : null;
      if (other && other !== demo && isOfPhotos(other)) {
        source.chooseFile(/** @type {CustomEvent<{blob: Blob}>} */ (event).detail.blob);
      }
    },
    { signal },
  );
}

/** @param {Element} demo */
const isOfPhotos = (demo) => demo.querySelector("[data-photos]") !== null;
