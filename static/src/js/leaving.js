// Signing out forgets the unsaved texts and uploads that this browser keeps: the next person at it shall
// not find them.
import { forget, names } from "./storage.js";

document.querySelector("form[action='/-/logout']")?.addEventListener("submit", () => {
  for (const name of [...names("text:"), ...names("upload:")]) forget(name);
});
