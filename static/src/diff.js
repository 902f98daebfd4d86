// Comparisons and conflicts: n and p step through changes and on to the next part; a decision is noted.
import { startDeciding } from "./js/deciding.js";
import { startSteps } from "./js/steps.js";

startSteps(document);
for (const form of document.querySelectorAll("form[data-decides]")) startDeciding(form);
