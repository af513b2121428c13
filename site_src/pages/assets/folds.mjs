/**
 * Folded parts of a page open where they must: for an address that points into one, and all of them on paper.
 * The page changes under instant navigation, so everything is looked up when it is needed.
 */

function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  let opened = false;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) {
    opened ||= !fold.open;
    fold.open = true;
  }
  if (opened) target.scrollIntoView();
}

/** @type {HTMLDetailsElement[]} */
let unfolded = [];

addEventListener("hashchange", reveal);
// A link to the part that the address names already changes no address.
document.addEventListener("click", ({ target }) => {
  if (target instanceof Element && target.closest('a[href*="#"]')) setTimeout(reveal);
});
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")].filter((each) => each instanceof HTMLDetailsElement);
  for (const fold of unfolded) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of unfolded) fold.open = false;
  unfolded = [];
});
// Instant navigation replaces the page's content, and then sets its address.
const { document$ } = /** @type {any} */ (globalThis);
document$?.subscribe(() => setTimeout(reveal));
reveal();
