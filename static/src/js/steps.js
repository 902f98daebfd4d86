// Stepping through the changes of a comparison, by button or key. The change stepped to gets the
// focus and its own address; past the last one on this screen lies the next part, if there is one.
import { t } from "./words.js";

export function startSteps(screen) {
  const changes = [...screen.querySelectorAll("tbody.change")];
  const where = screen.querySelector("[data-where]");
  if (!changes.length) return;
  let at = changes.findIndex((change) => `#${change.id}` === location.hash);

  function show(index) {
    at = index;
    const change = changes[at];
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    change.focus({ preventScroll: true });
    const tall = change.offsetHeight > innerHeight * 0.7;
    change.scrollIntoView({ block: tall ? "start" : "center", behavior: calm ? "instant" : "smooth" });
    for (const other of changes) other.classList.toggle("current", other === change);
    history.replaceState(null, "", `#${change.id}`);
    const number = change.id.replace("change-", "");
    where.textContent = t("Change %(number)s", { number });
  }

  function step(by) {
    if (at < 0) {
      // Nothing chosen yet: begin with what is on the screen or below it.
      const next = changes.findIndex((change) => change.getBoundingClientRect().bottom > 0);
      return show(by > 0 ? Math.max(next, 0) : Math.max(next - 1, 0));
    }
    const target = at + by;
    if (target >= 0 && target < changes.length) return show(target);
    const beyond = screen.querySelector(`.pager [rel="${by > 0 ? "next" : "prev"}"]`);
    if (beyond) return location.assign(beyond.href);
    where.textContent = by > 0 ? t("That was the last change") : t("That was the first change");
  }

  for (const button of screen.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  }
}
