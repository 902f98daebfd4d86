// What every screen does when scripts run. One behaviour per module; each works on what it finds.
import { addCopyButtons } from "./js/copy.js";
import "./js/dialogs.js";
import "./js/focus.js";
import "./js/leaving.js";
import "./js/menus.js";
import "./js/print.js";
import "./js/progress.js";
import "./js/remember.js";
import "./js/sections.js";
import "./js/shortcuts.js";
import "./js/switcher.js";
import "./js/tabs.js";
import "./js/times.js";
import "./js/toc.js";
import "./js/tree.js";
import "./js/who.js";

addCopyButtons(document);
