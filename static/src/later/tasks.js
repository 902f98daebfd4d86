// Editors tick the boxes of task lists on the page itself. Each tick is saved as a
// revision; without scripts the boxes stay as they are.
import { t } from "../js/words.js";
const form = document.querySelector("[data-ticks]");

/** The words beside a box, without those of the tasks below it. */
function wordsOf(box) {
  const item = box.closest("li");
  return [...item.childNodes].filter((node) => !["UL", "OL"].includes(node.nodeName))
    .map((node) => node.textContent).join(" ").trim();
}

function say(box, words) {
  const item = box.closest("li");
  item.querySelector(":scope > .field-error")?.remove();
  if (!words) return;
  const said = document.createElement("p");
  said.className = "field-error";
  said.setAttribute("role", "alert");
  said.textContent = words;
  item.append(said);
}

async function save(box, number, count) {
  const sent = new FormData(form);
  sent.set("box", number);
  sent.set("boxes", count);
  sent.set("done", box.checked ? "1" : "0");
  const response = await fetch(form.action, { method: "POST", body: sent, headers: { Accept: "application/json" } });
  const answer = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
  if (!response.ok || !answer.revision) {
    throw new Error(answer.detail ?? t("Not saved. Reload the page and try again."));
  }
  form.elements.revision.value = answer.revision;
  return answer.merged;
}

function offer(boxes) {
  let last = Promise.resolve(); // one after the other: each begins with the revision before it
  for (const [number, box] of boxes.entries()) {
    box.setAttribute("aria-label", wordsOf(box) || t("Task"));
    box.disabled = false;
    box.autocomplete = "off"; // a reload shows what was saved
    box.addEventListener("change", () => {
      const wanted = box.checked;
      box.setAttribute("aria-busy", "true");
      last = last.then(async () => {
        try {
          const merged = await save(box, number, boxes.length);
          say(box, "");
          if (merged) location.reload(); // others have changed the page meanwhile
        } catch (problem) {
          box.checked = !wanted;
          say(box, problem instanceof TypeError ? t("Not saved: you are offline.") : problem.message);
        }
        box.removeAttribute("aria-busy");
      });
    });
  }
}

if (form) {
  offer([...document.querySelectorAll(".prose input[type=checkbox]")].filter((box) => !box.closest(".included")));
}
