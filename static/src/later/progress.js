// A screen that says how far something has come (data-progress) asks for itself again every two
// seconds until it is done. Without scripts its head asks the browser to load it anew.
import { showCurrentTabs } from "../js/tabs.js";

async function refresh(screen) {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = page.title;
    screen.replaceChildren(...page.getElementById("main").childNodes);
    showCurrentTabs(screen);
  } catch {
    // The wiki does not answer now: it is asked again.
  }
  wait();
}

function wait() {
  const screen = document.getElementById("main");
  if (screen.querySelector("[data-progress]")) setTimeout(refresh, 2000, screen);
}

wait();
