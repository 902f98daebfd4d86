// What a page offers while it is read, on the screens that show one.
import "./js/reading/images.js";
import "./js/reading/menu.js";
import "./js/reading/sorting.js";
import "./js/reading/tasks.js";
