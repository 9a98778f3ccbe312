// Brings the part of a page up to date that follows something, until it does not any more. Without scripts the page reloads itself.
"use strict";
const EVERY_MS = 1500;

async function follow() {
  const here = document.querySelector("[data-follow]");
  if (!here) return;
  try {
    const answer = await fetch(location.pathname, { credentials: "same-origin", redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(here.id);
    if (answer.ok && fresh) here.replaceWith(document.adoptNode(fresh));
  } catch {
    // the server restarts, or the session has ended: what is shown stays
  }
  setTimeout(follow, EVERY_MS);
}

setTimeout(follow, EVERY_MS);
