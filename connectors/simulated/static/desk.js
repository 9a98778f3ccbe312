// Fetches this page again every second and patches what changed, entry by entry: no flicker, no lost typing.
"use strict";
(() => {
  const EVERY_MS = 1000;
  let etag = "";
  let running = false;

  const localTimes = (root) => {
    const today = new Date().toDateString();
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const clock = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      const day = at.toLocaleDateString([], { day: "numeric", month: "short" });
      time.textContent = at.toDateString() === today ? clock : `${day}, ${clock}`;
      time.title = at.toLocaleString();
    }
  };

  // Keyed patch: children with the same key and version stay the very same nodes.
  const patch = (live, fresh) => {
    const old = new Map([...live.children].map((node) => [node.dataset.key, node]));
    let arrived = 0;
    let place = live.firstElementChild;
    for (const node of [...fresh.children]) {
      const known = old.get(node.dataset.key);
      old.delete(node.dataset.key);
      let next = known;
      if (!known || known.dataset.version !== node.dataset.version) {
        next = document.importNode(node, true);
        localTimes(next);
        if (known) {
          if (known === place) place = place.nextElementSibling;
          known.remove();
        } else {
          arrived += 1;
          next.classList.add("arrived");
        }
      }
      if (next === place) place = place.nextElementSibling;
      else live.insertBefore(next, place);
    }
    for (const node of old.values()) node.remove();
    return arrived;
  };

  // Where a note is longer than the window, its first line (what to do) counts more than its last.
  const newest = (stream) => stream && stream.querySelector(".entry:last-child");
  const above = (stream, entry) => entry.getBoundingClientRect().top - stream.getBoundingClientRect().top;
  const seesNewest = (stream) => Boolean(newest(stream)) && above(stream, newest(stream)) < stream.clientHeight;
  const toNewest = (stream, behavior) => {
    if (!newest(stream)) return;
    const top = Math.min(stream.scrollTop + above(stream, newest(stream)) - 16, stream.scrollHeight - stream.clientHeight);
    stream.scrollTo({ top, behavior });
  };

  const refresh = async ({ follow = false } = {}) => {
    if (running) return;
    running = true;
    try {
      const answer = await fetch(location.pathname, { headers: { "If-None-Match": etag }, cache: "no-store" });
      if (answer.status !== 200) return;
      etag = answer.headers.get("etag") || "";
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const stream = document.querySelector(".stream");
      const stay = seesNewest(stream) || follow;
      const focused = document.activeElement && document.activeElement.id;
      for (const live of document.querySelectorAll("[data-live]")) {
        const fresh = page.querySelector(`[data-live="${live.dataset.live}"]`);
        if (!fresh) continue;
        const arrived = patch(live, fresh);
        if (live.dataset.live === "entries" && arrived && stay) toNewest(stream, "smooth");
      }
      if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // TypeError: the server is away; the next round asks again
    } finally {
      running = false;
    }
  };

  const say = (text) => { const hint = document.querySelector("[data-hint]"); if (hint) hint.textContent = text; };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.send) return;
    event.preventDefault();
    const button = form.querySelector("button");
    const box = form.querySelector("textarea");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.ok) {
        if (box) { box.value = ""; box.focus(); }
        say("");
        while (running) await new Promise((done) => setTimeout(done, 20));
        await refresh({ follow: true });
      } else {
        say(`The helpdesk answered ${answer.status}: not sent.`);
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      say("No connection: not sent.");
    } finally {
      button.disabled = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    const form = event.target instanceof HTMLTextAreaElement && event.target.form;
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });

  localTimes(document);
  toNewest(document.querySelector(".stream"), "instant");
  document.querySelector('.row[aria-current="page"]')?.scrollIntoView({ block: "nearest" });
  setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
})();
