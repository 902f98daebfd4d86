// A form that came back with errors puts the reader at the list of them.
document.querySelector("[data-focus]")?.focus();
