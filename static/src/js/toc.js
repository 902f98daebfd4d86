// Marks in the contents the heading that is being read.
const links = [...document.querySelectorAll(".contents a[href^='#']")];
const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));

function mark() {
  let current = -1;
  headings.forEach((heading, at) => {
    if (heading && heading.getBoundingClientRect().top < innerHeight * 0.25) current = at;
  });
  links.forEach((link, at) => {
    if (at === current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
}

if (links.length) {
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  }, { passive: true });
  mark();
}
// On a phone the contents lie in the drawer: going to a heading closes it.
document.getElementById("drawer")?.addEventListener("click", (event) => {
  const drawer = event.currentTarget;
  if (event.target.closest(".contents a") && drawer.matches(":popover-open")) drawer.hidePopover();
});
