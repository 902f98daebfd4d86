// The rest of the editor, right after edit.js.
import { editors } from "./js/editor/editor.js";
import { addExtras } from "./js/editor/extras.js";
import { offerTags } from "./js/editor/tags.js";

editors.forEach(addExtras);
for (const field of document.querySelectorAll("form[data-editor] [name=tags]")) offerTags(field);
