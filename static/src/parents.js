// The field for the page above a page: a search over titles, and the tree of the space below it, in place of a list of
// paths. What is sent stays the path, or what is typed where no page is chosen.
import { suggestAddress } from "./js/parents/address.js";
import { parentTree } from "./js/parents/tree.js";
import { t } from "./js/words.js";

const DELAY = 150; // milliseconds after the last key before asking

function listBelow(input) {
  const list = document.createElement("ul");
  list.className = "parent-list";
  list.id = "parent-list";
  list.hidden = true;
  list.setAttribute("role", "tree");
  list.setAttribute("aria-label", t("Pages"));
  input.removeAttribute("list");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-haspopup", "tree");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.after(list);
  return list;
}

function enhance(field) {
  const input = field.querySelector("input");
  const list = listBelow(input);
  const tree = parentTree(list, { address: () => field.dataset.parents, moving: field.dataset.moving });
  let timer = 0;
  let asked = 0;
  let typed = false; // since the list was opened: then it has what is found, else the tree

  const close = () => {
    asked += 1;
    clearTimeout(timer);
    list.hidden = true;
    typed = false;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const marked = () => list.querySelector("[aria-selected=true]");
  const mark = (row) => {
    for (const one of list.children) one.setAttribute("aria-selected", String(one === row));
    if (row) input.setAttribute("aria-activedescendant", row.id);
    row?.scrollIntoView({ block: "nearest" });
  };
  const show = async () => {
    const mine = (asked += 1);
    const words = input.value.trim();
    const found = typed && words ? await tree.search(words) : await tree.way(words);
    if (mine !== asked) return;
    list.replaceChildren(...found);
    list.hidden = !found.length || document.activeElement !== input;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
    if (!typed) mark(found.find((row) => row.dataset.path === words));
  };
  const choose = (row) => {
    if (row.dataset.after) tree.more(row).then(mark, close);
    else if (row.ariaDisabled !== "true") {
      input.value = row.dataset.path;
      close();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };

  input.addEventListener("input", () => {
    typed = true;
    clearTimeout(timer);
    timer = setTimeout(() => show().catch(close), DELAY);
  });
  input.addEventListener("click", () => {
    if (list.hidden) show().catch(close);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const rows = [...list.children];
    const row = list.hidden ? null : marked();
    const at = rows.indexOf(row);
    const inward = getComputedStyle(input).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (event.key === "ArrowDown" && list.hidden) show().catch(close);
    else if (event.key === "ArrowDown") mark(rows[(at + 1) % rows.length]);
    else if (event.key === "ArrowUp" && !list.hidden) mark(rows.at(at < 1 ? -1 : at - 1));
    else if (["ArrowLeft", "ArrowRight"].includes(event.key) && row) mark(tree.turn(row, event.key === inward ? 1 : -1) ?? row);
    else if (event.key === "Enter" && row) choose(row);
    else if (event.key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const row = event.target.closest("li");
    if (row && event.target.closest(".twig") && row.ariaExpanded !== null) tree.turn(row, 0);
    else if (row) choose(row);
  });
}

/** Offer the positions below the parent that was chosen, in the space that was chosen. */
async function offerPositions(form, field) {
  const now = form.querySelector("#position");
  now?.replaceChildren(); // those below the former parent; without one, the page comes last
  const sent = new URLSearchParams(new FormData(form));
  for (const name of ["csrf_token", "position", "message"]) sent.delete(name);
  const answer = await fetch(`${form.getAttribute("action")}?${sent}`);
  if (!answer.ok) return;
  const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
  const positions = shown.querySelector("#position");
  if (positions && now) now.replaceChildren(...positions.children);
  field.dataset.parents = shown.querySelector("[data-parents]")?.dataset.parents ?? field.dataset.parents;
}

const field = document.querySelector("[data-parents]");
if (field) {
  enhance(field);
  const form = field.closest("form[data-moves]");
  form?.addEventListener("change", (event) => {
    if (["parent", "space"].includes(event.target.name)) offerPositions(form, field).catch(() => {});
  });
}
for (const line of document.querySelectorAll("[data-address]")) suggestAddress(line);
