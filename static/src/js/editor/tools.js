// Tools that ask for something before they write: links, images and tables. Their dialogs are loaded with the first use.
import { Prec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { pressed } from "../keys.js";
import { insertBlocks, within } from "./structure.js";
import { empty, format } from "./tables.js";
import { t } from "../words.js";

const ROW = new Set(["TableRow", "TableHeader"]);
const form = (view) => view.dom.getRootNode().host.closest("form");
const pickers = () => import("later:pickers");

/** Writes Markdown in the place of what is selected. */
function put(view, markdown) {
  const { from, to } = view.state.selection.main;
  const insert = within(view.state, from, ROW) ? markdown.replace(/(?<!\\)\|/g, "\\|") : markdown;
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, scrollIntoView: true, userEvent: "input" });
}

/** Runs a tool; the cursor is in the text again when its dialog is closed. */
function tool(run) {
  return (view) => {
    run(view).catch((error) => {
      console.error(error);
      form(view).querySelector("[data-state]").textContent = t("This dialog isn’t available right now. Write the Markdown by hand.");
    }).finally(() => view.focus());
    return true;
  };
}

export const insertLink = tool(async (view) => {
  const { from, to } = view.state.selection.main;
  const markdown = await (await pickers()).pickLink(view.state.sliceDoc(from, to).replace(/\s+/g, " ").trim());
  if (markdown) put(view, markdown);
});

export const insertImage = tool(async (view) => {
  const around = form(view);
  const image = await (await pickers()).pickImage(around.dataset.pictures);
  if (image?.file) around.dispatchEvent(new CustomEvent("attach", { detail: image }));
  else if (image) put(view, `![${image.alt}](${image.target})`);
});

export const insertTable = tool(async (view) => {
  const size = await (await pickers()).pickTable();
  if (!size) return;
  const table = empty(size.rows + 1, size.columns);
  table.rows[0] = table.rows[0].map((_, at) => t("Column %(number)s", { number: at + 1 }));
  const [header, ...rest] = format(table);
  const { from, to } = view.state.selection.main;
  insertBlocks(view, from, to, [header.replace(table.rows[0][0], "‹$&›"), ...rest].join("\n"));
});

/** Ctrl-L, and Ctrl-K where something is selected: elsewhere that opens the switcher. */
export const linkKeys = Prec.high(EditorView.domEventHandlers({
  keydown(event, view) {
    if (!pressed(event, "Mod-l") && (view.state.selection.main.empty || !pressed(event, "Mod-k"))) return false;
    event.preventDefault();
    event.stopPropagation();
    return insertLink(view);
  },
}));
