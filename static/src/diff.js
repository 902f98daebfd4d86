// A comparison: n and p step through its changes, and on to its next part.
import { startSteps } from "./js/steps.js";

startSteps(document);
