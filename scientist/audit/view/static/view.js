// Keys, colours, the drawer with a trace. Every page can be read without this.
"use strict";

const find = (what, within = document) => within.querySelector(what);
const all = (what, within = document) => [...within.querySelectorAll(what)];

// A part of a page, as a document: parsed without running anything.
function part(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.onload = () => (request.response ? resolve(request.response) : reject(new Error(request.status)));
    request.onerror = () => reject(new Error("the server has ended"));
    request.send();
  });
}

// -- colours -----------------------------------------------------------------

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function turn() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("theme", theme); } catch { /* it lasts as long as the page */ }
}

// -- the drawer --------------------------------------------------------------

const drawer = find("#drawer");

async function trace(link) {
  const body = find(".body", drawer);
  body.replaceChildren("looking…");
  drawer.showModal();
  try {
    const address = new URL(link.href);
    address.searchParams.set("part", "1");
    const found = find("main", await part(address));
    body.replaceChildren(...document.importNode(found, true).childNodes);
    const whole = document.createElement("a");
    whole.href = link.href;
    whole.textContent = "as a page of its own";
    body.append(whole);
  } catch (fault) {
    body.replaceChildren(String(fault.message));
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.number-link");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    trace(link);
  }
  if (event.target === drawer) drawer.close();
});
find(".close", drawer).addEventListener("click", () => drawer.close());

// -- moving with keys --------------------------------------------------------

const MOVES = ".row, .list > li, .steps summary, .graph a";
let here = null;

function things() {
  const within = drawer.open ? drawer : find("main");
  return all(MOVES, within).filter((one) => one.checkVisibility());
}

function go(steps) {
  const list = things();
  if (!list.length) return;
  const now = list.indexOf(here);
  const top = list.findIndex((one) => one.getBoundingClientRect().top >= 0);
  const next = now < 0 ? Math.max(0, top) : Math.min(list.length - 1, Math.max(0, now + steps));
  here?.classList.remove("here");
  here = list[next];
  here.classList.add("here");
  here.scrollIntoView({ block: "nearest" });
  if (here.matches("summary, a")) here.focus({ preventScroll: true });
}

function enter() {
  if (!here?.isConnected) return false;
  if (here.matches("summary, a")) return false; // the browser does it: it has the focus
  const link = find("a.id, a.seq", here);
  if (!link) return false;
  link.click();
  return true;
}

function follow(rel) {
  const link = find(`a[data-key="${rel}"]`);
  if (link) link.click();
}

const help = find("#help");
const KEYS = {
  j: () => go(1), ArrowDown: () => go(1), k: () => go(-1), ArrowUp: () => go(-1),
  "/": () => { const field = find("#search"); field.focus(); field.select(); },
  g: () => follow("graph"), t: () => follow("timeline"), r: () => follow("results"),
  c: () => follow("campaigns"), d: turn, "?": () => help.showModal(),
  n: () => follow("later"), p: () => follow("earlier"),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape" && typing) event.target.blur();
  if (typing) return;
  if (event.key === "Enter") {
    if (enter()) event.preventDefault();
    return;
  }
  const act = KEYS[event.key];
  if (!act || help.open) return;
  event.preventDefault();
  act();
});

find("#theme").addEventListener("click", turn);
find("#keys").addEventListener("click", () => help.showModal());

// -- what a thing is joined to -----------------------------------------------

for (const name of ["mouseover", "focusin"]) {
  document.addEventListener(name, (event) => {
    const box = event.target.closest?.(".graph a[data-id]");
    if (!box) return;
    for (const edge of all(".graph .edge")) {
      const joined = edge.dataset.from === box.dataset.id || edge.dataset.to === box.dataset.id;
      edge.classList.toggle("lit", joined);
    }
  });
}
