// What every page gains from a script: the theme switch, keyboard shortcuts, ordering by buttons, the check of the
// device. Nothing needs it: without it the same forms are posted. Words come from the page, in its language.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export const reveal = (node) => node && (node.hidden = false);

/** localStorage may be full or forbidden: a copy that cannot be kept is not worth an error. */
export const keep = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* see above */ } },
  sweep: (prefix, except) => {
    try {
      Object.keys(localStorage).filter((k) => k.startsWith(prefix) && k !== except).forEach((k) => localStorage.removeItem(k));
    } catch { /* see above */ }
  },
};

// ---- Every page

$$("[data-needs-script]").forEach(reveal);

$$("[data-preferences]").forEach((form) => form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.name !== "theme") return;
  event.preventDefault();
  const theme = button.value;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("meta[name=color-scheme]").content = theme === "auto" ? "light dark" : theme;
  $$("[name=theme]", form).forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
  fetch(form.action, { method: "POST", body: new URLSearchParams({ theme, back: form.back.value }), redirect: "manual" }).catch(() => {});
}));

const finished = $("[data-finished]");
if (finished) keep.sweep(`palier:draft:${finished.dataset.finished}:`);

// A page kept by the back button shows an old question and an old clock.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const spot = $("[data-focus]") ?? $("[data-heading]");
// In a frame the keyboard stays with the page around it until the reader comes in.
if (parent === window || document.hasFocus()) spot?.focus({ preventScroll: !spot.matches("[data-focus]") });

// ---- Answer fields: order by buttons, digits to choose

$$("[data-order]").forEach((list) => {
  const rows = () => $$(".step-row", list);
  const select = (row) => $("select", row);
  const status = list.parentElement.appendChild(Object.assign(document.createElement("p"), { className: "small soft" }));
  status.setAttribute("role", "status");
  const write = (row) => {
    rows().forEach((r, i) => { select(r).value = String(i + 1); });
    list.dispatchEvent(new Event("change", { bubbles: true }));
    paint();
    if (row) status.textContent = list.dataset.moved.replace("{place}", rows().indexOf(row) + 1).replace("{count}", rows().length).replace("{text}", $(".step-text", row).textContent.trim());
  };
  function paint() {
    const all = rows(), untouched = all.every((r) => !select(r).value);
    list.classList.toggle("untouched", untouched);
    status.textContent = untouched ? list.dataset.untouched : "";
    all.forEach((r, i) => {
      $("[data-rank]", r).textContent = i + 1;
      const [up, down] = $$("button", r);
      up.setAttribute("aria-disabled", String(i === 0));
      down.setAttribute("aria-disabled", String(i === all.length - 1));
    });
  }
  function move(row, by, focus) {
    const all = rows(), to = all.indexOf(row) + by;
    if (to < 0 || to >= all.length) return;
    by < 0 ? all[to].before(row) : all[to].after(row);
    all.forEach((r) => r.classList.toggle("moved", r === row));
    focus.focus(); // moving a node takes the focus away
    write(row);
  }
  rows().forEach((row) => {
    $(".place", row).hidden = true;
    const moves = row.appendChild(Object.assign(document.createElement("span"), { className: "moves" }));
    for (const [by, name, path] of [[-1, list.dataset.up, "M12 19V5m-6 6l6-6 6 6"], [1, list.dataset.down, "M12 5v14m-6-6l6 6 6-6"]]) {
      const button = moves.appendChild(Object.assign(document.createElement("button"), { type: "button" }));
      button.setAttribute("aria-label", `${name} : ${$(".step-text", row).textContent.trim()}`);
      button.innerHTML = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
      button.addEventListener("click", () => move(row, by, button));
    }
    moves.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (by) { event.preventDefault(); move(row, by, event.target); }
    });
  });
  // Rows follow the places of a draft, if it has them all.
  list.arrange = () => {
    const placed = rows().map((r) => [Number(select(r).value), r]);
    if (placed.every(([place]) => place)) placed.sort((a, b) => a[0] - b[0]).forEach(([, r]) => list.append(r));
    paint();
  };
  list.arrange();
});

$$("form[data-player], form[data-tutorial]").forEach((form) => form.addEventListener("keydown", (event) => {
  // Only while the focus is inside the question, so that no key is taken from the rest of the page.
  if (event.ctrlKey || event.metaKey || event.altKey || !/^[1-8]$/.test(event.key)) return;
  if (event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select")) return;
  const input = $$(".option input", form)[event.key - 1];
  if (!input) return;
  event.preventDefault();
  input.focus();
  input.click();
  form.dispatchEvent(new CustomEvent("digit"));
}));

const tutorial = $("form[data-tutorial]");
if (tutorial) {
  const done = (gesture) => {
    $(`[data-gesture=${gesture}]`)?.classList.add("done");
    tutorial.elements.gestures.value += ` ${gesture}`;
  };
  tutorial.addEventListener("change", (event) => { done("choose"); if (!event.target.checked) done("change"); });
  tutorial.addEventListener("digit", () => done("key"));
}

// ---- Before the start: what this device can do

const check = $("[data-check]");
if (check) {
  const tell = (name, good, text) => {
    const line = $(`[data-check-${name}]`, check);
    line.dataset.state = good ? "good" : "poor";
    $("span", line).textContent = line.dataset[text];
    $("path", line).setAttribute("d", good ? "M4.5 12.5l5 5 10-11" : "M12 9v5m0 3v.01M12 3.5L2.5 20h19z");
    reveal(line);
  };
  tell("script", true, "ok");
  const enough = Math.min(screen.width, innerWidth) >= 600;
  tell("screen", enough, enough ? "ok" : "bad");
  const sent = performance.getEntriesByType("navigation")[0]?.responseStart ?? 0;
  const skew = Math.abs(Date.now() - performance.now() + sent - Number(check.dataset.now));
  tell("clock", skew < 60000, skew < 60000 ? "ok" : "bad");
  const start = performance.now();
  fetch(import.meta.url, { method: "HEAD", cache: "no-store" })
    .then(() => { const fast = performance.now() - start < 1500; tell("network", fast, fast ? "ok" : "slow"); })
    .catch(() => tell("network", false, "bad"));
}
