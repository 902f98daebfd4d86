// Before a page is printed, what is folded is opened, and folded again afterwards: for browsers in
// which css/print.css cannot do it. Links that show their own address need it only once.
let opened = [];

addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("main details:not([open]):not(.menu)")];
  for (const one of opened) one.open = true;
  for (const link of document.querySelectorAll(".prose a.external")) {
    const words = link.textContent.trim();
    if (link.href === words || link.href === `${words}/` || link.href.endsWith(`//${words}`)) link.dataset.bare = "";
  }
});

addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
  opened = [];
});
