// Pasting: an address over a selection links it, and what was copied from a page, a word processor or a spreadsheet
// becomes Markdown. First the text is pasted as it is, then changed, so that one undo gives the plain text back.
import { isolateHistory } from "@codemirror/commands";
import { Prec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { destination, isAddress } from "../pasting/addresses.js";
import { parse } from "../pasting/source.js";
import { CODE, IN_LINK, placeBlocks, within } from "./structure.js";
import { t } from "../words.js";

const STRUCTURED = /<(?:h[1-6]|p|ul|ol|li|table|blockquote|pre|a|b|strong|i|em|s|del|code|kbd|img|hr)[\s>]|font-(?:weight|style)|line-through/i;

/** The text of HTML that came without one. */
function textOf(html) {
  const { body } = parse(html);
  for (const each of body.querySelectorAll("xmp, script")) each.remove();
  return body.textContent.trim();
}

/** The CodeMirror extension. */
export function pasting(form) {
  const state = form.querySelector("[data-state]");
  let plainly = false; // Ctrl-Shift-V was pressed
  let waiting = []; // where text is that will be changed once the converter has been loaded

  function change(view, place, markdown, block) {
    const { state: now } = view;
    const { from, to } = place;
    const inRow = within(now, from, new Set(["TableRow", "TableHeader"]));
    if (inRow && block) return; // it would break the table
    const words = inRow ? markdown.replace(/(?<!\\)\|/g, "\\|") : markdown;
    const placed = block ? placeBlocks(now, from, to, words) : { from, insert: words };
    const insert = now.toText(placed.insert);
    const { main } = now.selection;
    const selection = main.empty && main.head === to ? { anchor: placed.from + insert.length } : undefined;
    view.dispatch({ changes: { from: placed.from, to, insert }, selection, scrollIntoView: Boolean(selection), userEvent: "input.paste", annotations: isolateHistory.of("full") });
    state.textContent = t("Pasted as Markdown. Undo to get plain text.");
    state.dataset.tone = "";
  }

  /** Pastes the text as it is. @returns where it stands */
  function pastePlain(view, text) {
    const { from } = view.state.selection.main;
    const inserted = view.state.toText(text);
    view.dispatch(view.state.replaceSelection(inserted), { scrollIntoView: true, userEvent: "input.paste", annotations: isolateHistory.of("full") });
    return { from, to: from + inserted.length };
  }

  function linkSelection(view, address) {
    const { from, to } = view.state.selection.main;
    const words = view.state.sliceDoc(from, to);
    const [, open, inner, close] = /^(\s*)(.*?)(\s*)$/s.exec(words);
    const target = destination(address);
    if (!inner || !target || /\n/.test(inner) || isAddress(inner) || /[[\]]/.test(inner)) return false;
    if (within(view.state, from + 1, IN_LINK, from, to) || within(view.state, to - 1, IN_LINK, from, to)) return false;
    change(view, pastePlain(view, address), `${open}[${inner}](${target})${close}`, false);
    return true;
  }

  async function convertLater(view, html, text) {
    const place = pastePlain(view, text);
    waiting.push(place);
    try {
      const { convert } = await import("later:pasting");
      const pasted = view.state.toText(text);
      const found = convert({ html, text });
      const same = view.state.doc.slice(place.from, place.to).eq(pasted);
      if (found && same && found.markdown !== text.trim()) change(view, place, found.markdown, found.block);
    } catch (error) {
      console.error(error); // the plain text is there
    } finally {
      waiting = waiting.filter((each) => each !== place);
    }
  }

  function paste(event, view) {
    const { state: now } = view;
    const wasPlain = plainly;
    plainly = false;
    const copied = event.clipboardData;
    if (!copied || wasPlain || now.readOnly || now.selection.ranges.length > 1) return false;
    const { from, to, empty } = now.selection.main;
    if (within(now, from, CODE) || within(now, to, CODE)) return false;
    const html = copied.types.includes("vscode-editor-data") ? "" : copied.getData("text/html");
    const text = copied.getData("text/plain") || (html && textOf(html));
    if (!empty && isAddress(text.trim()) && linkSelection(view, text.trim())) return true;
    const cells = text.includes("\t") && text.includes("\n");
    if (!text || !(cells || STRUCTURED.test(html))) return false;
    convertLater(view, html, text);
    return true;
  }

  return [
    Prec.high(EditorView.domEventHandlers({
      paste,
      keydown(event) {
        plainly = event.shiftKey && (event.ctrlKey || event.metaKey) && (event.code === "KeyV" || event.key.toLowerCase() === "v");
        return false;
      },
      keyup() {
        plainly = false;
        return false;
      },
    })),
    EditorView.updateListener.of(({ changes, docChanged }) => {
      if (!docChanged) return;
      for (const place of waiting) {
        place.from = changes.mapPos(place.from, 1);
        place.to = changes.mapPos(place.to, -1);
      }
    }),
  ];
}
