// CodeMirror in place of the textarea, with what the first key needs; extras.js adds the rest. It lives in a shadow root: there its style sheets are adopted
// objects, which the content security policy allows, where in the document they would be inline.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { defineLanguageFacet, HighlightStyle, Language, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { GFM, parser } from "@lezer/markdown";
import { continueList } from "./lists.js";
import { clearOfBars } from "./screen.js";
import { t } from "../words.js";

const markdown = new Language(defineLanguageFacet(), parser.configure([GFM]), [], "markdown");

const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "700", color: "var(--ink)" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: [tags.link, tags.url], color: "var(--link)" },
  { tag: tags.monospace, color: "var(--code-string)" },
  { tag: tags.quote, color: "var(--ink-soft)" },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.labelName], color: "var(--ink-faint)" },
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)" },
]);

// On a German keyboard AltGr and ß, which Windows reports as Ctrl and Alt, type a backslash.
const ownKeymap = defaultKeymap.filter(({ key }) => key !== "Mod-Alt-\\");

// Characters that nobody sees, shown by their number (wiki/text/scan/unseen.py). Joiners are shown only within words of
// Latin letters and digits: other scripts and emoji need them.
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|(?<=[A-Za-z0-9_])[\u200c\u200d](?=[A-Za-z0-9_])|(?<!\u{1f3f4}[\u{e0020}-\u{e007e}]*)[\u{e0001}\u{e0020}-\u{e007f}]/gu;

function showUnseen(code) {
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const mark = document.createElement("span");
  mark.className = "cm-unseen";
  mark.title = t("An invisible character (%(number)s)", { number });
  mark.textContent = number;
  mark.setAttribute("aria-label", mark.title);
  return mark;
}

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "0.9375rem" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "1rem 1.25rem", caretColor: "var(--ink)", maxWidth: "52rem" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground":
    { backgroundColor: "var(--accent-soft)" },
  ".cm-selectionMatch": { backgroundColor: "var(--mark)" },
  ".cm-panels": { backgroundColor: "var(--ground)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panel.cm-search": { display: "flex", flexWrap: "wrap", gap: "0.35rem", alignItems: "center", padding: "0.5rem 2rem 0.5rem 0.75rem", fontFamily: "var(--sans)" },
  ".cm-panel.cm-search br": { flexBasis: "100%", content: "''" },
  ".cm-panels input, .cm-panels button": { font: "inherit", color: "inherit", background: "var(--paper)", border: "1px solid var(--line-strong)", borderRadius: "0.25rem" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "0.5rem", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--sans)", maxHeight: "14rem", maxWidth: "min(40rem, 100vw - 2rem)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { display: "flex", gap: "1.25rem", justifyContent: "space-between", padding: "0.3rem 0.75rem" },
  "@media (pointer: coarse)": { ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { minHeight: "2.75rem", alignItems: "center" } },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--ink)" },
  ".cm-unseen": { unicodeBidi: "isolate", padding: "0 0.3em", border: "1px solid var(--line)", borderRadius: "var(--r1)", backgroundColor: "var(--sunken)", color: "var(--ink-soft)", fontSize: "0.75em" },
  ".cm-completionDetail": { color: "var(--ink-soft)", fontStyle: "normal" },
});

/**
 * Show CodeMirror over a textarea and keep the textarea's value the same as its text.
 * @param {HTMLTextAreaElement} area
 * @param {() => void} onChange called after each change of the text
 * @param {() => void} onCursor called when the cursor has moved
 * @returns {EditorView}
 */
export function createCodeMirror(area, onChange, onCursor) {
  const host = document.createElement("div");
  host.className = "editor-code";
  area.after(host);
  const root = host.attachShadow({ mode: "open" });
  const described = area.labels[0]?.textContent?.trim() ?? "Text";
  const began = document.activeElement === area;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      selection: { anchor: began ? area.selectionStart : 0 },
      extensions: [
        history(),
        drawSelection(),
        highlightSpecialChars({ specialChars: UNSEEN, render: showUnseen }),
        clearOfBars(area.form),
        keymap.of([{ key: "Enter", run: continueList }, ...historyKeymap, ...ownKeymap]),
        EditorView.lineWrapping,
        markdown,
        syntaxHighlighting(colours),
        theme,
        EditorView.contentAttributes.of({ "aria-label": described, tabindex: "0", spellcheck: "true", autocapitalize: "sentences", dir: "auto" }),
        EditorView.perLineTextDirection.of(true),
        EditorView.updateListener.of((update) => {
          if (update.selectionSet && !update.docChanged) onCursor();
          if (!update.docChanged) return;
          area.value = view.state.doc.toString();
          onChange();
        }),
      ],
    }),
  });
  area.hidden = true;
  area.required = false; // a hidden field that is required could not be sent: the server says so instead
  for (const label of area.labels) label.addEventListener("click", () => view.focus());
  host.addEventListener("click", (event) => {
    if ([host, view.dom, view.scrollDOM].includes(event.composedPath()[0])) view.focus(); // the empty space below a short text
  });
  // Wherever else the focus is, somebody has put it there meanwhile.
  if (began || (area.autofocus && document.activeElement === document.body)) view.focus();
  return view;
}
