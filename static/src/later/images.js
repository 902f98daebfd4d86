// Images in a page's text open large in a dialog. An image within a link stays a link.
import { t } from "../js/words.js";
const SMALLEST = 64; // pixels; smaller ones are icons and badges

let dialog;

/** Build the dialog, once for all images. */
function build() {
  dialog = document.createElement("dialog");
  dialog.className = "zoomed";
  dialog.setAttribute("aria-label", t("Image"));
  const form = document.createElement("form");
  form.method = "dialog";
  const link = document.createElement("a");
  link.className = "button";
  link.textContent = t("Open original");
  const close = document.createElement("button");
  close.className = "button";
  close.textContent = t("Close");
  close.autofocus = true;
  form.append(link, close);
  const image = document.createElement("img");
  dialog.append(image, form);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target === image) dialog.close();
  });
  document.body.append(dialog);
}

function zoom(image) {
  if (!dialog) build();
  const shown = dialog.querySelector("img");
  shown.src = image.src; // the page itself may show a thumbnail, from srcset
  shown.alt = image.alt;
  dialog.querySelector("a").href = shown.src;
  dialog.showModal();
}

function offer(image) {
  if (image.naturalWidth < SMALLEST && image.naturalHeight < SMALLEST) return;
  if (!image.alt) image.alt = t("Image");
  image.tabIndex = 0;
  image.setAttribute("role", "button");
  image.setAttribute("aria-haspopup", "dialog");
  image.classList.add("zooms");
  image.addEventListener("click", () => zoom(image));
  image.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    zoom(image);
  });
}

for (const image of document.querySelectorAll(".prose img")) {
  if (image.closest("a, summary, button, label")) continue;
  if (image.complete && image.naturalWidth) offer(image);
  else image.addEventListener("load", () => offer(image), { once: true });
}
