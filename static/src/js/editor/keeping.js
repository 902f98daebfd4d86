// Unsaved text is kept in this browser while the author types, and offered again later: after
// a crash, a lost connection or an expired session. Signing out forgets it (js/leaving.js).
import { forms } from "../moments.js";
import { forget, read, write } from "../storage.js";

const FIELDS = ["title", "body", "tags", "description", "message"];

/** The names of the author's fields, with those of the page's kind. */
function namesIn(form) {
  const names = [...form.elements].map((control) => control.name);
  return [...FIELDS, ...names.filter((name) => name?.startsWith("fields."))];
}

/** What the author's fields hold now. */
function fieldsOf(form) {
  return Object.fromEntries(namesIn(form).map((name) => [name, form.elements.namedItem(name)?.value ?? ""]));
}

const same = (one, other) => Object.keys({ ...one, ...other }).filter((name) => name !== "message")
  .every((name) => (one[name] ?? "").replaceAll("\r\n", "\n") === (other[name] ?? "").replaceAll("\r\n", "\n"));

/**
 * @returns {{dirty: () => boolean, now: () => boolean, done: () => void}} whether there is unsaved text; keep it
 *   now (false when the browser refuses); it was saved.
 */
export function keepText(form, view, changed) {
  const name = `text:${form.dataset.editor || location.pathname}`;
  const opened = fieldsOf(form);
  // The server handed back a text that it has not saved: a preview, a field to correct, a conflict.
  const unsaved = "unsaved" in form.dataset;
  let timer = 0;
  let saved = false;
  const address = location.pathname + location.search;
  const dirty = () => !saved && (unsaved || !same(fieldsOf(form), opened));

  function now() {
    clearTimeout(timer);
    if (!dirty()) return true;
    const base = form.elements.namedItem("base")?.value ?? "";
    return write(name, JSON.stringify({ at: new Date().toISOString(), base, url: address, fields: fieldsOf(form) }));
  }

  function done() {
    saved = true;
    clearTimeout(timer);
    forget(name);
  }

  changed.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(() => (dirty() ? now() : forget(name)), 500);
  });
  addEventListener("pagehide", now);
  addEventListener("beforeunload", (event) => {
    if (dirty()) event.preventDefault();
  });
  if (unsaved) now();
  else offer(form, view, name, opened);
  return { dirty, now, done };
}

/** If an earlier text is kept here and differs from what the form shows, offer it. */
function offer(form, view, name, opened) {
  let kept;
  try {
    kept = JSON.parse(read(name));
  } catch {
    kept = null;
  }
  const banner = form.querySelector("[data-kept]");
  if (!kept?.fields || !banner) return;
  // What was in conflict has been decided and saved since (js/deciding.js).
  const decided = read(`${name}:decided`);
  forget(`${name}:decided`);
  if (decided && Number(form.elements.namedItem("base")?.value) > Number(decided)) {
    forget(name);
    return;
  }
  if (same(kept.fields, opened)) {
    forget(name);
    return;
  }
  const base = form.elements.namedItem("base")?.value ?? "";
  banner.querySelector("[data-when]").textContent = forms.moment.format(new Date(kept.at));
  banner.querySelector("[data-older]").hidden = !kept.base || kept.base === base;
  banner.hidden = false;
  banner.querySelector("[data-restore]").addEventListener("click", () => {
    for (const field of namesIn(form)) {
      const control = form.elements.namedItem(field);
      if (control && field !== "body" && field in kept.fields) control.value = kept.fields[field] ?? "";
    }
    // Saved against the revision it was written on, so that what others did since is merged.
    if (kept.base && form.elements.namedItem("base")) form.elements.namedItem("base").value = kept.base;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: kept.fields.body ?? "" } });
    banner.hidden = true;
    view.focus();
  });
  banner.querySelector("[data-discard]").addEventListener("click", () => {
    forget(name);
    banner.hidden = true;
    view.focus();
  });
}
