// Completions while typing: people and groups after `@`, emoji after `:`, languages after a fence.
import { EditorView } from "@codemirror/view";
import { CODE, within } from "./structure.js";

const PERSON = /(?:^|[^\w@/.+-])@([\p{L}\d][\p{L}\d_.-]*)$/u;
const EMOJI = /(?:^|[^\w:]):([a-z0-9_+-]{2,30})$/;
const FENCE = /^\s*(?:`{3,}|~{3,})([\w+#-]*)$/;
const LANGUAGES = ["bash", "c", "cpp", "csharp", "css", "diff", "dockerfile", "go", "html", "http", "ini", "java", "javascript", "json", "kotlin", "lua", "makefile", "markdown", "nginx", "php", "powershell", "python", "r", "ruby", "rust", "scala", "sql", "swift", "terraform", "toml", "typescript", "xml", "yaml"];
let emoji = null; // the list, once it has been loaded

function before({ state, pos }) {
  return state.sliceDoc(state.doc.lineAt(pos).from, pos);
}

/** A completion source for the people and groups that the server finds for what was typed: those who can read the
 *  page. */
export const completePeople = (address) => async (context) => {
  const typed = PERSON.exec(before(context));
  if (!typed || within(context.state, context.pos, CODE)) return null;
  let answer;
  try {
    answer = await fetch(`${address}?${new URLSearchParams({ q: typed[1] })}`);
  } catch {
    return null;
  }
  if (!answer.ok || answer.redirected || context.aborted) return null;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const options = [...found.querySelectorAll("option")].map(({ value, label }) => ({
    label, detail: value, exact: true, apply: `${value.slice(1)} `,
  }));
  return { from: context.pos - typed[1].length, options, filter: false };
};

/** A completion source for emoji, whose list is loaded with the first colon that needs it. */
export async function completeEmoji(context) {
  const typed = EMOJI.exec(before(context));
  if (!typed || within(context.state, context.pos, CODE)) return null;
  try {
    emoji ??= await import("later:emoji");
  } catch {
    return null;
  }
  if (context.aborted) return null;
  const options = emoji.find(typed[1]).map(({ character, name }) => ({
    label: `${character} ${name}`, exact: true, apply: (view, _option, from, to) => {
      view.dispatch({ changes: { from: from - 1, to, insert: character }, selection: { anchor: from - 1 + character.length }, userEvent: "input.complete" });
    },
  }));
  return { from: context.pos - typed[1].length, options, filter: false };
}

/** The colon that ends the name of an emoji puts the character in its place. */
export const closeEmoji = EditorView.inputHandler.of((view, from, to, text) => {
  if (text !== ":" || from !== to || !emoji) return false;
  const typed = EMOJI.exec(before({ state: view.state, pos: from }));
  const character = typed && emoji.named(typed[1]);
  if (!character || within(view.state, from, CODE)) return false;
  const start = from - typed[1].length - 1;
  view.dispatch({ changes: { from: start, to, insert: character }, selection: { anchor: start + character.length }, userEvent: "input.complete" });
  return true;
});

/** Languages of a block of code. None is chosen by itself: Enter begins the code. */
export function completeLanguages(context) {
  const typed = FENCE.exec(before(context));
  if (!typed || (!typed[1] && !context.explicit)) return null;
  return { from: context.pos - typed[1].length, options: LANGUAGES.map((label) => ({ label })), validFor: /^[\w+#-]*$/ };
}
