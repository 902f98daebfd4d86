// The home page: what this browser keeps for its reader.
import "./js/home/drafts.js";
import "./js/home/recent.js";
