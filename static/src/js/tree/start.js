// The tree of a space, in the sidebar and on the screen of all pages: keys, branches that open in place, and
// pages that are moved by dragging or by keys.
import { listen } from "./keys.js";
import { prepare } from "./rows.js";

/** Load what moves pages: with the first pointer or focus in the tree, or at once where handles are always shown or a
 *  page was moved just before this screen. */
function offerMoves(nav) {
  let loaded = null;
  const load = () => {
    loaded ??= import("later:moving").then(({ dragIn, showSaid }) => {
      dragIn(nav);
      showSaid();
    });
  };
  for (const reached of ["pointerover", "focusin"]) nav.addEventListener(reached, load, { once: true });
  if (matchMedia("(pointer: coarse)").matches || wasMoved()) load();
}

function wasMoved() {
  try {
    return "trellis:moved" in sessionStorage; // js/tree/moving.js
  } catch {
    return false;
  }
}

for (const nav of document.querySelectorAll("[data-tree]")) {
  prepare(nav, nav.querySelector("ul"), 1);
  listen(nav);
  if (nav.hasAttribute("data-movable")) offerMoves(nav);
}
