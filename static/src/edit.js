// The editor: makes a form with data-editor quick. The form works without any of this.
import { startEditor } from "./js/editor/editor.js";
import { offerTags } from "./js/editor/tags.js";

for (const form of document.querySelectorAll("form[data-editor]")) startEditor(form);
for (const field of document.querySelectorAll("form[data-editor] [name=tags]")) offerTags(field);
