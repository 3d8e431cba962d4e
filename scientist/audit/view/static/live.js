// A timeline that goes on as it is read, and while its campaign runs.
"use strict";

const rows = find("#rows");
const more = find("#more");
const MOST = 4000; // lines that are kept; those before them are one click away

if (rows) {
  let busy = false;

  // Add the lines of another window; what comes is another `#more`, or none.
  async function add(address, fresh) {
    if (busy) return;
    busy = true;
    try {
      const got = await part(address);
      const lines = [...document.importNode(find("#rows", got), true).children];
      for (const line of lines) {
        if (document.getElementById(line.id)) continue;
        line.classList.toggle("fresh", fresh);
        rows.append(line);
      }
      while (rows.children.length > MOST) rows.firstElementChild.remove();
      const next = find("#more", got);
      more.replaceChildren(...document.importNode(next, true).childNodes);
      watch(); // a search that found nothing yet goes on as long as its end is in sight
    } catch (fault) {
      more.replaceChildren(`no more lines: ${fault.message}`);
    } finally {
      busy = false;
    }
  }

  function withPart(address) {
    const whole = new URL(address, location.href);
    whole.searchParams.set("part", "1");
    return whole;
  }

  // -- the next window when its end comes into sight ---------------------------

  const seen = new IntersectionObserver((entries) => {
    const link = find("a[data-more]", more);
    if (!link || !entries.some((one) => one.isIntersecting)) return;
    add(withPart(link.href), false).then(() => known && happened(known)); // it may be behind by now
  }, { rootMargin: "600px" });

  function watch() {
    seen.disconnect();
    seen.observe(more);
  }
  watch();

  // -- what happens now --------------------------------------------------------

  const head = find("#head");
  const last = () => Number(rows.lastElementChild?.dataset.seq || 0);
  const button = find("#latest");

  let known = null; // the last that was told
  const bottom = () => innerHeight + scrollY >= document.body.scrollHeight - 160;

  async function happened(told) {
    known = told;
    const state = find(".state", head);
    state.className = `state ${told.state}`;
    state.textContent = told.state;
    find(".events", head).textContent = told.events.toLocaleString("en");
    if (find("a[data-more]", more) || told.last <= last()) return; // it is reached by reading on
    const follows = bottom();
    const address = withPart(location.href);
    address.searchParams.delete("before");
    address.searchParams.set("after", String(last()));
    const before = last();
    await add(address, true);
    if (last() === before) return;
    if (follows) scrollTo({ top: document.body.scrollHeight });
    else button.hidden = false;
  }

  button.addEventListener("click", () => {
    scrollTo({ top: document.body.scrollHeight });
    button.hidden = true;
  });

  if (head.dataset.live) {
    let told = null, working = false;
    const stream = new EventSource(head.dataset.live);
    stream.onmessage = async (event) => {
      told = JSON.parse(event.data);
      if (working) return;
      working = true;
      while (told) {
        const now = told;
        told = null;
        await happened(now);
      }
      working = false;
    };
    addEventListener("pagehide", () => stream.close());
  }
}
