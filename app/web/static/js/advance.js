// The counts of a running campaign, asked for again every ten seconds while the page is seen. Without it, the link
// "Actualiser" does the same.

const live = document.querySelector("[data-advance]");

if (live) {
  const EVERY = 10_000;
  const bar = live.querySelector("[data-advance-bar] svg");
  const said = live.querySelector("[data-advance-said]");

  const show = (counts) => {
    let changed = false;
    live.querySelectorAll("[data-count]").forEach((node) => {
      const value = String(counts[node.dataset.count] ?? node.textContent);
      if (node.textContent !== value) { node.textContent = value; changed = true; }
    });
    if (!changed) return;
    // the bar is drawn in units of 600 by 20, as the server draws it
    const all = counts.finished + counts.in_progress + counts.not_started;
    const wide = (count) => (all ? (600 * count) / all : 0);
    let left = 0;
    for (const [name, count, tall] of [["part-done", counts.finished, 20], ["part-begun", counts.in_progress, 10]]) {
      let path = bar.querySelector(`.${name}`);
      if (!path) {
        path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("class", name);
        bar.append(path);
      }
      path.setAttribute("d", `M${left} 20v-${tall}h${wide(count)}v${tall}z`);
      left += wide(count);
    }
    said.textContent = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  };

  const ask = async () => {
    if (document.visibilityState === "visible") {
      try {
        const reply = await fetch(live.dataset.advance, { headers: { Accept: "application/json" }, redirect: "error" });
        if (reply.ok) show(await reply.json());
        else if (reply.status < 500) return;
      } catch { /* the next try may succeed */ }
    }
    setTimeout(ask, EVERY);
  };
  setTimeout(ask, EVERY);
}
