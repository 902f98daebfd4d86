// The dialog behind Ctrl-K and `/` opens at once; what fills it is loaded with its first use (later/switcher.js).
import { composing, pressed } from "./keys.js";
import { pressedAlone } from "./shortcuts.js";
import { t } from "./words.js";

const dialog = document.getElementById("switcher");
const field = dialog?.querySelector("input");
const header = document.getElementById("top-q");
const load = () => import("later:switcher");

/** Open the switcher, with the words already in it if there are any. */
function open(words = "") {
  if (dialog.open) return;
  field.value = words;
  dialog.showModal();
  field.focus();
  load().then(({ ask }) => ask()).catch(() => {
    dialog.querySelector(".switcher-found").textContent = t("Quick search isn’t available right now.");
  });
}

if (dialog) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || composing(event)) return;
    event.preventDefault(); // a search field would only empty itself
    dialog.close();
  });
  document.addEventListener("keydown", (event) => {
    const opens = pressed(event, "Mod-k") || pressedAlone(event, "/");
    if (!opens || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    open();
  });
  // The field in the header is a plain search form; what one types there goes on in the dialog.
  header?.form.addEventListener("pointerenter", () => load().catch(() => {}), { once: true });
  header?.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || header.value) return;
    event.preventDefault();
    open();
  });
  header?.addEventListener("input", (event) => {
    if (event.isComposing) return;
    const words = header.value;
    header.value = header.defaultValue;
    open(words);
  });
}
