// The list below the field for a parent page: a tree whose branches are fetched when they open. The rows are flat, each
// with its level, so that the field keeps the focus while one of them is marked.
import { t } from "../words.js";

const levelOf = (row) => Number(row.getAttribute("aria-level"));
const isOpen = (row) => row.getAttribute("aria-expanded") === "true";

/**
 * @param {HTMLElement} list the element of the tree
 * @param {{address: () => string, moving: string}} where the address that lists pages, and the page that moves
 */
export function parentTree(list, { address, moving }) {
  let count = 0;

  const ask = async (sent) => {
    const answer = await fetch(`${address()}?${new URLSearchParams(sent)}`);
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    return answer.json();
  };

  function makeRow(page, level, showsPath = false) {
    const row = document.createElement("li");
    row.id = `parent-option-${(count += 1)}`;
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", level);
    row.style.setProperty("--level", level);
    row.dataset.path = page.path;
    row.dataset.key = page.key ?? "";
    if (page.open === false) row.setAttribute("aria-disabled", "true");
    if (page.more) row.setAttribute("aria-expanded", "false");
    const twig = document.createElement("span");
    twig.className = "twig";
    twig.setAttribute("aria-hidden", "true");
    const title = document.createElement("strong");
    title.dir = "auto";
    title.textContent = page.title;
    row.append(twig, title);
    if (showsPath) row.append(Object.assign(document.createElement("small"), { textContent: `/${page.path}` }));
    return row;
  }

  /** The rows of a level, without the page that moves; `inside` gives the rows below one of them. */
  function rowsOf({ choices, after }, under, level, inside = () => []) {
    const rows = choices.filter(({ path }) => path !== moving || !moving).flatMap((page) => {
      const row = makeRow(page, level);
      const below = page.more ? inside(page, level + 1) : [];
      if (below.length) row.setAttribute("aria-expanded", "true");
      return [row, ...below];
    });
    if (after) {
      const rest = makeRow({ path: "", title: t("More pages") }, level);
      Object.assign(rest.dataset, { after, under });
      rows.push(rest);
    }
    return rows;
  }

  async function open(row) {
    row.setAttribute("aria-expanded", "true");
    const levels = await ask({ under: row.dataset.path });
    if (isOpen(row)) row.after(...rowsOf(levels[row.dataset.key], row.dataset.path, levelOf(row) + 1));
  }

  function close(row) {
    row.setAttribute("aria-expanded", "false");
    while (row.nextElementSibling && levelOf(row.nextElementSibling) > levelOf(row)) row.nextElementSibling.remove();
  }

  return {
    /** Show the pages with these words. */
    async search(words) {
      const found = await ask({ q: words });
      const allowed = found.filter(({ path }) => !moving || (path !== moving && !path.startsWith(`${moving}/`)));
      return allowed.map((page) => makeRow(page, 1, true));
    },

    /** Show the tree, open down to a path, whose row is marked. */
    async way(path) {
      const levels = await ask({ way: path });
      const inside = (page, level) => (levels[page.key] && path.startsWith(`${page.path}/`) ? rowsOf(levels[page.key], page.path, level, inside) : []);
      return [makeRow({ path: "", title: t("Top level") }, 1), ...rowsOf(levels[""], "", 1, inside)];
    },

    /** Open a row (1), close it (-1), or the other of the two (0); return the row to mark then, or null. */
    turn(row, way) {
      const expanded = row.getAttribute("aria-expanded");
      if (expanded === "false" && way >= 0) open(row).catch(() => row.setAttribute("aria-expanded", "false"));
      else if (expanded === "true" && way <= 0) close(row);
      else if (way < 0) {
        let above = row.previousElementSibling;
        while (above && levelOf(above) >= levelOf(row)) above = above.previousElementSibling;
        return above;
      }
      return row;
    },

    /** Put the following pages of a long level in the place of the row that stands for them; return the first. */
    async more(row) {
      const { under, after } = row.dataset;
      const [level] = Object.values(await ask({ under, after }));
      const rows = rowsOf(level, under, levelOf(row));
      row.replaceWith(...rows);
      return rows[0];
    },
  };
}
