// A picture of the page or of its space, or a new one, with the words for those who cannot see it.
import { ask, fragment, later } from "./dialog.js";
import { t } from "../words.js";

const dialog = document.getElementById("pick-image");
const finding = dialog.querySelector("#pick-image-find");
const alt = dialog.querySelector("#pick-image-alt");
const shown = dialog.querySelector("[data-pictures]");
const said = dialog.querySelector("[data-said]");
const insert = dialog.querySelector("[type=submit][value=insert]");
const file = dialog.querySelector("[type=file]");
let address = "";
let chosen = null;

function choose(button) {
  chosen = button;
  file.value = "";
  for (const one of shown.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
  insert.disabled = !button;
}

const find = later(async (signal, words) => {
  try {
    const found = await fragment(`${address}?${new URLSearchParams({ q: words })}`, signal);
    shown.replaceChildren(...found.body.children);
    if (file.files.length) return;
    choose(null);
    const count = shown.querySelectorAll("button").length;
    said.textContent = count ? "" : words ? t("No image has this name.") : t("This space has no images yet. Upload the first one.");
  } catch (error) {
    if (error.name === "AbortError") throw error;
    said.textContent = t("The images can’t be shown right now.");
  }
});

finding.addEventListener("input", () => find(finding.value.trim()));
finding.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault();
});
shown.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  choose(button);
  alt.focus();
});
dialog.querySelector("[data-upload]").addEventListener("click", () => file.click());
file.addEventListener("change", () => {
  const [chosenFile] = file.files;
  if (!chosenFile) return;
  for (const one of shown.querySelectorAll("button")) one.setAttribute("aria-pressed", "false");
  chosen = null;
  insert.disabled = false;
  said.textContent = t("%(name)s will be uploaded.", { name: chosenFile.name });
  alt.focus();
});

/** @returns {Promise<{alt: string, target?: string, file?: File}|null>} the parts of the Markdown of an image: a new
 *  one has a file instead of its address */
export async function pickImage(pictures) {
  address = pictures;
  finding.value = "";
  alt.value = "";
  choose(null);
  find("");
  const closed = ask(dialog);
  finding.focus();
  if (!(await closed)) return null;
  const described = { alt: alt.value.trim().replace(/[[\]\\]/g, "\\$&") };
  if (!chosen) return { ...described, file: file.files[0] };
  return { ...described, target: chosen.dataset.target.replace(/[()<>]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`) };
}
