// The running sitting: the countdown by the server's clock, the draft saved as it is typed, the answer kept and
// sent again when the connection drops. Without it the question is a plain form.

import { $, $$, keep, reveal } from "./page.js";

// ---- The server's time

const clock = (() => {
  const node = $("[data-timer]");
  if (!node) return null;
  const digits = $("[data-timer-digits]", node), words = $("[data-timer-words]", node);
  const shown = $("[data-timer-shown]", node), toggle = $("[data-timer-toggle]", node);
  const announcer = $("[data-timer-announcer]", node);
  const say = JSON.parse($("[data-words]")?.dataset.words ?? "{}");
  const limit = Number(node.dataset.limit);
  let deadline = Number(node.dataset.deadline);
  // The page left the server when its first byte arrived, not when this script runs.
  const sent = performance.getEntriesByType("navigation")[0]?.responseStart ?? 0;
  let offset = Number(node.dataset.now) - sent;
  let drift = Date.now() - performance.now();
  let last = Infinity, over = () => {}, resync = () => {}, ended = false;
  const left = () => Math.max(0, (deadline - performance.now() - offset) / 1000);
  const pad = (n) => String(n).padStart(2, "0");

  function show() {
    const s = Math.ceil(left()), m = Math.floor(s / 60);
    digits.textContent = m < 60 ? `${pad(m)}:${pad(s % 60)}` : `${Math.floor(m / 60)}:${pad(m % 60)}:${pad(s % 60)}`;
    if (s % 60 === 0 || last === Infinity) words.textContent = s < 60 ? `${s} s` : `${m} min`;
    shown.classList.toggle("low", s <= 300);
    for (const mark of [limit / 2, 600, 300, 60]) {
      if (!(s <= mark && last > mark && last !== Infinity)) continue;
      announcer.textContent = mark === 60 ? say.minute : mark === 600 || mark === 300 ? say.minutes?.replace("{n}", mark / 60) : say.half;
    }
    last = s;
    if (s <= 0 && !ended) { ended = true; over(); }
  }
  function hide(hidden) {
    shown.hidden = hidden;
    $("span", toggle).textContent = hidden ? toggle.dataset.show : toggle.dataset.hide;
    keep.set("palier:timer", hidden ? "hidden" : "");
  }
  toggle.addEventListener("click", () => hide(!shown.hidden));
  hide(keep.get("palier:timer") === "hidden");
  function tick() {
    // A computer that slept, or whose clock was set, no longer agrees with itself: ask the server.
    const now = Date.now() - performance.now();
    if (Math.abs(now - drift) > 2000) { drift = now; resync(); }
    show();
    setTimeout(tick, ended ? 1000 : (left() * 1000) % 1000 + 5); // when the next second begins
  }
  tick();
  return {
    /** An answer of the server just came. It was on its way for a while, so its time is a lower bound: keep the best. */
    set(serverNow, serverDeadline) {
      offset = Math.max(offset, serverNow - performance.now());
      if (serverDeadline) { deadline = serverDeadline; ended &&= left() <= 0; }
      show();
    },
    onEnd: (f) => { over = f; if (ended) f(); },
    onDoubt: (f) => { resync = f; },
  };
})();

// ---- The player

const form = $("form[data-player]");
if (form) {
  const { sitting, item, interaction } = form.dataset;
  const position = Number(form.dataset.position);
  const say = JSON.parse(form.dataset.words);
  const key = `palier:draft:${sitting}:${position}:${item}`;
  const savedNode = $("[data-saved]"), offlineNode = $("[data-offline]"), submitNode = $("[data-submit]");
  const draftAddress = form.action.replace(/repondre$/, "brouillon");
  let timer = 0, dirty = false, sending = false, through = false, attempt = 0, waiting = null, stopped = false;

  const state = (name, text) => { savedNode.dataset.state = name; savedNode.textContent = text; };

  function response() {
    const data = new FormData(form), named = (prefix) => [...data].filter(([k, v]) => k.startsWith(prefix) && v).map(([k, v]) => [k.slice(prefix.length), v]);
    switch (interaction) {
      case "single_choice": return data.get("choice") ? { choice: data.get("choice") } : null;
      case "multiple_choice": return data.getAll("choices").length ? { choices: data.getAll("choices") } : null;
      case "order": {
        const placed = named("order-");
        return placed.length && placed.length === $$(".step-row", form).length ? { order: placed.sort((a, b) => a[1] - b[1]).map(([k]) => k) } : null;
      }
      case "match": return named("match-").length ? { pairs: Object.fromEntries(named("match-")) } : null;
      case "zone": return data.getAll("zones").length ? { zones: data.getAll("zones") } : null;
      case "short_text": return data.get("text").trim() ? { text: data.get("text") } : null;
      default: return data.get("number").trim() ? { number: data.get("number") } : null;
    }
  }

  function restore(answer) {
    const set = (name, value) => { const field = form.elements[name]; if (field) field.value = value; };
    $$(":is(.option, .zone) input", form).forEach((input) => { input.checked = answer?.choice === input.value || !!(answer?.choices ?? answer?.zones)?.includes(input.value); });
    answer?.order?.forEach((id, i) => set(`order-${id}`, String(i + 1)));
    Object.entries(answer?.pairs ?? {}).forEach(([id, category]) => set(`match-${id}`, category));
    if (answer?.text) set("text", answer.text);
    if (answer?.number) set("number", answer.number);
    $("[data-order]", form)?.arrange();
  }

  /** Save the draft: true when the server has it, false when it could not be reached, "refused" when it said no. */
  async function save({ leaving = false } = {}) {
    clearTimeout(timer);
    const body = JSON.stringify({ position, item, response: response() });
    const options = { method: "POST", body, headers: { "Content-Type": "application/json" }, keepalive: leaving, signal: leaving ? undefined : AbortSignal.timeout?.(6000) };
    try {
      dirty = false;
      const reply = await fetch(draftAddress, options);
      if (reply.status >= 500) throw new Error(reply.status);
      if (reply.status === 409 && !sending) stepAside();
      if (!reply.ok) return "refused";
      const { saved_at: savedAt, now, deadline } = await reply.json();
      clock?.set(Date.parse(now), deadline && Date.parse(deadline));
      offlineNode.hidden = true;
      if (!dirty) {
        const time = new Date(savedAt).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
        state("saved", say.saved.replace("{time}", time));
        keep.set(key, JSON.stringify({ at: Date.parse(savedAt), response: response() }));
      }
      return true;
    } catch {
      dirty = true;
      if (!leaving) state("kept", say.kept);
      return false;
    }
  }

  function changed() {
    dirty = true;
    keep.set(key, JSON.stringify({ at: Date.now(), unsent: true, response: response() }));
    state("", say.saving);
    clearTimeout(timer);
    timer = setTimeout(save, 1000);
  }

  // A copy on this device that never reached the server wins over the server's draft; then it is sent.
  const local = JSON.parse(keep.get(key) ?? "null");
  keep.sweep(`palier:draft:${sitting}:`, key);
  if (local?.unsent && local.response) {
    restore(local.response);
    state("kept", say.restored);
    timer = setTimeout(save, 200);
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", (event) => { if (event.target.matches("[data-order], select")) changed(); });
  addEventListener("pagehide", () => { if (dirty && !through) save({ leaving: true }); });
  addEventListener("visibilitychange", () => { if (!document.hidden && !through) save(); });
  addEventListener("online", () => { if (waiting) { clearTimeout(waiting.timer); waiting.go(); } else if (dirty) save(); });
  addEventListener("offline", () => reveal(offlineNode));
  clock?.onDoubt(save);

  function stepAside() {
    if (through) return;
    stopped = true;
    reveal($("[data-other-tab]"));
    submitNode.setAttribute("aria-disabled", "true");
  }
  $("[data-take-over]").addEventListener("click", () => location.reload());

  const pause = (ms) => new Promise((go) => { waiting = { go, timer: setTimeout(go, ms) }; }).then(() => { waiting = null; });

  /** Send the form: where to go next, "page" when the server has a page to say why not, null when it is out of reach. */
  async function send(button) {
    if (!navigator.onLine) return null;
    const data = new FormData(form);
    if (button?.name) data.append(button.name, button.value);
    const address = button?.hasAttribute("formaction") ? button.formAction : form.action;
    try {
      const reply = await fetch(address, { method: "POST", body: new URLSearchParams(data), headers: { Accept: "application/json" }, signal: AbortSignal.timeout?.(10000) });
      if ([502, 503, 504].includes(reply.status)) return null;
      return reply.ok ? (await reply.json()).next : "page";
    } catch {
      return null;
    }
  }

  // One request, as for a plain form; but a browser's own error page would lose the answer. The idempotency key makes
  // every further try harmless.
  form.addEventListener("submit", async (event) => {
    if (through) return;
    event.preventDefault();
    if (sending || stopped) return;
    sending = true;
    clearTimeout(timer);
    keep.set(key, JSON.stringify({ at: Date.now(), unsent: true, response: response() }));
    submitNode.setAttribute("aria-disabled", "true");
    const button = event.submitter;
    const calm = setTimeout(() => state("", say.sending), 400);
    let next;
    while (!(next = await send(button))) {
      clearTimeout(calm);
      reveal(offlineNode);
      state("kept", say.kept);
      await pause(Math.min(8000, 1000 * 2 ** attempt++) * (0.75 + Math.random() / 2));
    }
    through = true;
    if (next !== "page") location.assign(next);
    // Not from inside the event: a submission asked for while another is being decided is ignored.
    else setTimeout(() => form.requestSubmit(button));
  });

  clock?.onEnd(() => {
    form.elements.auto.value = "1";
    state("", say.time_over);
    form.requestSubmit();
  });

  // One tab at a time: the tab opened last goes on, the older one says so.
  if ("BroadcastChannel" in window) {
    const channel = new BroadcastChannel(`palier:${sitting}`);
    channel.postMessage("here");
    channel.onmessage = stepAside;
  }
}
