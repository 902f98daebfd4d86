// What every screen does when scripts run. One behaviour per module; each works on what it finds.
import "./js/ahead.js";
import { addCopyButtons } from "./js/copy.js";
import "./js/dialogs.js";
import "./js/focus.js";
import "./js/inbox.js";
import "./js/leaving.js";
import "./js/menus.js";
import "./js/print.js";
import "./js/reading/menu.js";
import "./js/reading/recent.js";
import "./js/reading/sorting.js";
import "./js/remember.js";
import "./js/sections.js";
import "./js/shortcuts.js";
import "./js/spaces.js";
import "./js/switcher.js";
import "./js/tabs.js";
import "./js/times.js";
import "./js/toc.js";
import "./js/tree.js";
import "./js/tree/start.js";

addCopyButtons(document);

// What only some screens have comes after it.
const later = {
  "[data-comments]": () => import("later:comments"),
  "[data-inbox-list]": () => import("later:inbox"),
  "[data-discussed]": () => import("later:passages"),
  "[data-progress]": () => import("later:progress"),
  "[data-ticks]": () => import("later:tasks"),
  "[data-who]": () => import("later:who"),
  ".prose img": () => import("later:images"),
};
for (const [what, load] of Object.entries(later)) if (document.querySelector(what)) load();

// Passages that nobody discusses yet can be selected.
if (document.querySelector("[data-passages]:not([data-discussed])")) {
  document.addEventListener("selectionchange", () => getSelection().isCollapsed || later["[data-discussed]"]());
}
