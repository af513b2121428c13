/**
 * Gives the tools of each code block a name of their own, so that a screen reader's list of landmarks tells them apart.
 * Material makes them when a block comes into view, on instant navigation too.
 */

let blocks = 0;

function nameTools() {
  for (const tools of document.querySelectorAll(".md-code__nav:not([aria-label])")) {
    blocks += 1;
    tools.setAttribute("aria-label", `Code block ${blocks}`);
  }
}

new MutationObserver(nameTools).observe(document.body, { childList: true, subtree: true });
nameTools();
