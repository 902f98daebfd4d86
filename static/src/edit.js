// The editor: makes a form with data-editor quick. The form works without any of this.
import { startEditor } from "./js/editor/editor.js";

for (const form of document.querySelectorAll("form[data-editor]")) startEditor(form);
