// The contents of a page: folded above the text where there is no room beside it, and marking the heading
// that is being read.
import { read, write } from "./storage.js";

const contents = document.querySelector("[data-contents]");
const wide = matchMedia("(width >= 80rem)");
const isBeside = () => wide.matches && !contents.closest(".with-news");

function fold() {
  contents.open = isBeside() && read("open:toc") !== "no";
  contents.dataset.ready = "";
}

if (contents) {
  fold();
  wide.addEventListener("change", fold);
  contents.querySelector("summary").addEventListener("click", () => {
    if (isBeside()) write("open:toc", contents.open ? "no" : "yes");
  });
}

