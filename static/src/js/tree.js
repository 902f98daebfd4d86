// The sidebar: closed and opened by its button, and scrolled to where the reader is.
import { write } from "./storage.js";

const root = document.documentElement;
const button = document.querySelector("[data-toggle=tree]");

function say() {
  button.setAttribute("aria-expanded", String(root.dataset.tree !== "closed"));
}

if (button) {
  say();
  button.addEventListener("click", () => {
    root.dataset.tree = root.dataset.tree === "closed" ? "open" : "closed";
    write("tree", root.dataset.tree);
    say();
  });
}

const side = document.querySelector(".side-pages");
const here = side?.querySelector(".tree [aria-current]");
if (here && here.offsetTop > side.clientHeight * 0.7) {
  side.scrollTop = here.offsetTop - side.clientHeight / 2;
}
