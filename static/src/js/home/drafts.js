// Lists the unsaved texts that the editor keeps in this browser (js/editor/keeping.js), the newest first.
import { forms } from "../moments.js";
import { names, read } from "../storage.js";
import { t } from "../words.js";

const section = document.querySelector("[data-drafts]");

/** The draft behind a name; null if it cannot be read or does not say where it was written. */
function draftOf(name) {
  try {
    const kept = JSON.parse(read(name));
    return kept?.url?.startsWith("/") && !kept.url.startsWith("//") && kept.fields ? kept : null;
  } catch {
    return null;
  }
}

function rowOf({ at, url, fields }) {
  const row = document.createElement("li");
  const link = row.appendChild(document.createElement("a"));
  link.href = url;
  const title = link.appendChild(document.createElement("strong"));
  title.dir = "auto";
  title.textContent = fields.title?.trim() || t("Untitled");
  link.appendChild(document.createElement("span")).textContent = t("Written %(when)s", { when: forms.moment.format(new Date(at)) });
  return row;
}

if (section && document.body.dataset.reader) {
  const drafts = names(`text:${document.body.dataset.reader}:`)
    .filter((name) => !name.endsWith(":decided"))
    .map(draftOf)
    .filter(Boolean)
    .sort((one, other) => other.at.localeCompare(one.at));
  section.querySelector("ul").append(...drafts.map(rowOf));
  section.hidden = !drafts.length;
}
