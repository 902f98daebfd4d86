// Signing out forgets the unsaved texts, the uploads and the list of pages read that this browser keeps: the
// next person at it shall not find them.
import { forget, names } from "./storage.js";

document.querySelector("form[action='/-/logout']")?.addEventListener("submit", () => {
  indexedDB.deleteDatabase("trellis-handover");
  for (const name of [...names("text:"), ...names("upload:"), ...names("recent:")]) forget(name);
});
