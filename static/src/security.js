// Passkeys, and recovery codes that are shown once.
import "./js/passkeys.js";
import "./js/shown_once.js";
