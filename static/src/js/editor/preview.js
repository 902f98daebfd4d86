// The preview beside the text: the server renders it, as it will render the page.
import { addCopyButtons } from "../copy.js";
import { read, write } from "../storage.js";
import { follow } from "./following.js";
import { t } from "../words.js";

export function startPreview(form, view, changed) {
  const pane = form.querySelector("[data-preview]");
  const switches = form.querySelectorAll("[data-show]");
  if (!pane || !switches.length) return;
  const shown = pane.querySelector(".prose");
  const note = pane.querySelector("[data-preview-state]");
  const following = follow(view, pane, () => form.dataset.shows === "both");
  let asked = null;
  let timer = 0;
  let stale = true;

  async function refresh() {
    if (form.dataset.shows === "write" || !stale) return;
    stale = false;
    asked?.abort();
    asked = new AbortController();
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(pane.dataset.preview, { method: "POST", body, signal: asked.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const { html, source_shown: reason, above } = await answer.json();
      shown.innerHTML = html; // sanitised by the server, as every page is
      note.textContent = reason || (html.trim() ? "" : t("Nothing to preview yet."));
      addCopyButtons(pane);
      following.fresh(above);
    } catch (error) {
      if (error.name === "AbortError") return;
      stale = true;
      note.textContent = t("The preview isn’t available right now. Your text is not affected.");
    }
  }

  function show(what) {
    form.dataset.shows = what;
    for (const button of switches) button.setAttribute("aria-pressed", String(button.dataset.show === what));
    pane.hidden = what === "write";
    refresh();
    if (what !== "preview") view.requestMeasure();
  }

  for (const button of switches) {
    button.addEventListener("click", () => {
      const { show: what } = button.dataset;
      show(what);
      if (what === "preview") return; // never remembered: the next editor must open with its text
      write("editor", what);
      view.focus();
    });
  }
  changed.addEventListener("cursor", following.moved);
  changed.addEventListener("change", () => {
    stale = true;
    clearTimeout(timer);
    timer = setTimeout(refresh, 350);
  });
  const wide = matchMedia("(width >= 64rem)");
  const preferred = () => (wide.matches && read("editor") === "both" ? "both" : "write");
  wide.addEventListener("change", () => {
    if (form.dataset.shows !== "preview") show(preferred());
  });
  show(preferred());
}
