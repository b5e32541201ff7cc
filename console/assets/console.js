// What pages need beyond htmx: local times, focus that survives a refresh, and news for those who listen.
"use strict";
(() => {
  const local = new Intl.DateTimeFormat(undefined, {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

  // Times are written in UTC by the server; here they become local, and UTC stays behind them.
  const localise = (root) => {
    for (const each of root.querySelectorAll("time[datetime]")) {
      const at = new Date(each.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const today = at.toDateString() === new Date().toDateString();
      each.textContent = today ? clock.format(at) : local.format(at);
    }
  };

  // What a refresh replaces may hold the focus: the same thing gets it back.
  let held = "";
  const nameOf = (element) => {
    if (!element || element === document.body) return "";
    if (element.id) return `#${CSS.escape(element.id)}`;
    const href = element.getAttribute("href");
    return href ? `a[href="${CSS.escape(href)}"]` : "";
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    const inside = event.detail.target.contains(document.activeElement);
    held = inside ? nameOf(document.activeElement) : "";
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    localise(document);
    if (held && document.activeElement === document.body) document.querySelector(held)?.focus();
    held = "";
    const verdict = document.querySelector("[data-verdict]");
    const news = document.getElementById("news");
    if (verdict && news && news.textContent !== verdict.dataset.verdict) news.textContent = verdict.dataset.verdict;
    const answer = event.detail.target;
    if (answer && answer.id === "answer" && answer.firstElementChild) answer.scrollIntoView({ block: "nearest" });
  });

  // A page that nobody sees asks for nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const live = event.detail.elt.hasAttribute("data-live");
    // nor does one in which somebody reads what a refresh would hide again
    const read = event.detail.elt.querySelector("[data-revealed], details[open]");
    if (live && (document.hidden || read)) event.preventDefault();
  });

  const tell = (text) => {
    const answer = document.getElementById("answer");
    if (!answer) return;
    const line = document.createElement("p");
    line.className = "said bad";
    line.textContent = text;
    answer.replaceChildren(line);
  };
  document.addEventListener("htmx:responseError", (event) => {
    const told = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    const why = told.querySelector("[role=alert]");
    if (!event.detail.elt.hasAttribute("data-live")) tell(why ? why.textContent : `The console answered ${event.detail.xhr.status}.`);
  });
  document.addEventListener("htmx:sendError", (event) => {
    document.body.classList.add("away");
    if (!event.detail.elt.hasAttribute("data-live")) tell("The console does not answer: nothing was done.");
  });
  document.addEventListener("htmx:afterOnLoad", () => document.body.classList.remove("away"));

  // "/" leads to the search, as in many other places.
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    const search = document.getElementById("q");
    if (event.key === "/" && !typing && search) {
      event.preventDefault();
      search.focus();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-all]")) {
      for (const each of document.querySelectorAll(`input[name="${event.target.dataset.all}"]`)) each.checked = event.target.checked;
    }
  });
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-clears]");
    if (closer) document.getElementById(closer.dataset.clears)?.replaceChildren();
  });
  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    const here = document.querySelector(".side a[aria-current]");
    const row = here?.closest("nav");
    if (row && row.scrollWidth > row.clientWidth) row.scrollLeft = here.offsetLeft - row.offsetLeft - 16;
  });
})();
