// Which pages their reader has read last in this browser, as ids of pages. Only this browser knows.
import { read, write } from "./storage.js";

const MOST = 8;
const name = () => `recent:${document.body.dataset.reader ?? ""}`;

/** The ids, the latest first. */
export function recentPages() {
  return (read(name()) ?? "").split(",").filter((id) => /^\d+$/.test(id));
}

/** Remember that a page was read just now. */
export function rememberRead(id) {
  write(name(), [id, ...recentPages().filter((other) => other !== id)].slice(0, MOST).join());
}
