// details with data-remember="name" stay as their reader left them.
import { read, write } from "./storage.js";

for (const details of document.querySelectorAll("details[data-remember]")) {
  const name = `open:${details.dataset.remember}`;
  const kept = read(name);
  if (kept) details.open = kept === "yes";
  details.addEventListener("toggle", () => write(name, details.open ? "yes" : "no"));
}
