// Dragging of pages by their handles, with a mouse, a pen or a finger.
import { t } from "../words.js";
import { move } from "./moving.js";
import { branchOf, linkOf, rowOf } from "./rows.js";

const WAIT = 700; // milliseconds over a closed branch until it opens
const EDGE = 40; // pixels from the edge of the sidebar at which it scrolls

/** The place where a drop at this point puts the row: a target and before, after or into. */
function placeAt(nav, row, x, y) {
  const target = document.elementFromPoint(x, y)?.closest(".tree li[data-path]");
  if (!target || !nav.contains(target) || row.contains(target)) return null;
  const { top, height } = linkOf(target).getBoundingClientRect();
  const share = (y - top) / height;
  if (!target.dataset.id || (share > 0.3 && share < 0.7)) return { target, where: "into" };
  return { target, where: share <= 0.3 ? "before" : "after" };
}

function scroll(nav, y) {
  const box = nav.closest(".side, .drawer") ?? document.scrollingElement;
  const { top, bottom } = box === document.scrollingElement
    ? { top: 0, bottom: innerHeight } : box.getBoundingClientRect();
  if (y < top + EDGE) box.scrollBy(0, -10);
  if (y > bottom - EDGE) box.scrollBy(0, 10);
}

function drag(nav, row, grip, start) {
  let place = null;
  let waits = 0;
  const mark = (found) => {
    if (found?.target === place?.target && found?.where === place?.where) return;
    clearTimeout(waits);
    place?.target.removeAttribute("data-drop");
    place = found;
    place?.target.setAttribute("data-drop", place.where);
    const branch = place?.where === "into" ? branchOf(place.target) : null;
    if (branch && !branch.open) waits = setTimeout(() => { branch.open = true; }, WAIT);
  };
  const over = (event) => {
    scroll(nav, event.clientY);
    mark(placeAt(nav, row, event.clientX, event.clientY));
  };
  const end = (event) => {
    const found = event.type === "pointerup" ? place : null;
    mark(null);
    row.removeAttribute("data-dragged");
    nav.removeAttribute("data-dragging");
    stop.abort();
    if (found) move(nav, row, found.target, found.where);
  };
  const stop = new AbortController();
  const { signal } = stop;
  row.setAttribute("data-dragged", "");
  nav.setAttribute("data-dragging", "");
  grip.setPointerCapture(start.pointerId);
  grip.addEventListener("pointermove", over, { signal });
  grip.addEventListener("pointerup", end, { signal });
  grip.addEventListener("pointercancel", end, { signal });
  document.addEventListener("keydown", (event) => event.key === "Escape" && end(event), { signal });
}

/** Give the pages of a tree handles. */
export function dragIn(nav) {
  const add = (row) => {
    if (!row.dataset.id || row.querySelector(":scope > .grip")) return;
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.title = t("Drag to move");
    grip.setAttribute("aria-hidden", "true");
    linkOf(row).after(grip);
  };
  const all = () => nav.querySelectorAll("li[data-id]").forEach(add);
  all();
  new MutationObserver(all).observe(nav, { childList: true, subtree: true });
  nav.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".grip");
    if (!grip || event.button) return;
    event.preventDefault();
    drag(nav, rowOf(grip), grip, event);
  });
}
