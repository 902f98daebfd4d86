// What the editor has besides plain typing: search, completion, tools, pasting and files. It comes right after the
// first frame of the editor, so that nobody waits for it with the first key.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Prec, StateEffect } from "@codemirror/state";
import { keymap, tooltips } from "@codemirror/view";
import { completeBlocks, keepSlash } from "./blocks.js";
import { closeEmoji, completeEmoji, completeLanguages, completePeople } from "./completions.js";
import { formatKeys } from "./formats.js";
import { chooseLink, completeLinks, waitForLink } from "./links.js";
import { pasting } from "./paste.js";
import { startPlaces } from "./places.js";
import { startTableTools, tableTools } from "./table_tools.js";
import { startToolbar } from "./toolbar.js";
import { linkKeys } from "./tools.js";
import { startUploads } from "./uploads.js";

const sources = (form) => [completeLinks, completeBlocks, completePeople(form.dataset.mentions ?? "/-/who"), completeEmoji, completeLanguages];

/** Complete an editor of editor.js. */
export function addExtras(editor) {
  const { form, view } = editor;
  view.dispatch({ effects: StateEffect.appendConfig.of([
    search({ top: true }),
    highlightSelectionMatches(),
    tooltips({ tooltipSpace: () => ({ left: 8, top: 8, right: innerWidth - 8, bottom: innerHeight - 8 }) }),
    autocompletion({ override: sources(form), icons: false, selectOnOpen: false, interactionDelay: 0 }),
    chooseLink,
    keepSlash,
    closeEmoji,
    formatKeys,
    linkKeys,
    tableTools(form),
    pasting(form),
    Prec.high(keymap.of([{ key: "Enter", run: waitForLink }, ...completionKeymap, ...searchKeymap])), // before the plain keys
  ]) });
  startToolbar(form, view);
  startTableTools(form, view);
  startPlaces(form, view);
  editor.filesSent = startUploads(form, view).sent;
}
