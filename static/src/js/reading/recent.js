// Remembers the page in this browser as read (js/recent.js).
import { rememberRead } from "../recent.js";

const id = document.querySelector("[data-read]")?.dataset.read;
if (id) rememberRead(id);
