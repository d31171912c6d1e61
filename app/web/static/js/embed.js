/* Palier in a page of yours, version 1. <script src=".../embed.js" data-launch="<launch_url>"></script>, or
   Palier.open(element, { launch, theme, lang, title, maxHeight, focus, onEvent }). Guide: docs/guides/integrate.md */
(() => {
  "use strict";
  const me = document.currentScript;
  const TITLES = { fr: "Test de compétences numériques en santé", en: "Digital-health skills test" };
  const PATIENCE = 8000;

  function open(where, { launch, theme, lang, title, maxHeight, focus, onEvent } = {}) {
    const place = typeof where === "string" ? document.querySelector(where) : where;
    if (!(place instanceof Element)) throw new TypeError("Palier.open: element is not in the page");
    const address = new URL(launch);
    if (!/^https?:$/.test(address.protocol)) throw new TypeError("Palier.open: launch is not a launch_url");
    const origin = address.origin;
    for (const [name, value] of Object.entries({ theme, lang })) if (value) address.searchParams.set(name, value);
    const language = lang || document.documentElement.lang.slice(0, 2);
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const frame = document.createElement("iframe");
    let silence, last = null, ready = false, started = false, over = false, fresh = false, wanted = 0;

    frame.title = title || TITLES[language] || TITLES.fr;
    frame.allow = "";
    frame.src = address.href;
    Object.assign(frame.style, { display: "block", width: "100%", height: "480px", border: "0", colorScheme: "light dark" });

    function emit(name, detail = {}) {
      const event = new CustomEvent(`palier:${name}`, { detail, bubbles: true });
      if (onEvent) onEvent({ type: event.type, ...detail });
      place.dispatchEvent(event);
    }
    const say = (what) => frame.contentWindow?.postMessage({ palier: 1, ...what }, origin);

    function resize() {
      // no higher than the window: the page then scrolls in its frame, and its clock stays in sight
      const most = maxHeight === "none" ? Infinity : Number(maxHeight) || Math.max(480, innerHeight);
      const height = `${Math.max(240, Math.min(wanted, most))}px`;
      if (!wanted || frame.style.height === height) return;
      frame.style.height = height;
      emit("height", { height: parseInt(height) });
    }

    function heard({ source, origin: from, data }) {
      if (source !== frame.contentWindow || from !== origin || data?.palier !== 1) return;
      clearTimeout(silence);
      wanted = Number(data.height) || 0;
      follow(data);
      resize();
    }

    function follow(data) {
      const first = fresh;
      fresh = false;
      if (first && last !== null && frame.getBoundingClientRect().top < 0)
        frame.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
      if (!data.status) {
        if (first && data.trouble) emit("error", { reason: String(data.trouble) });
        return;
      }
      const answered = Number(data.answered);
      if (!ready) { ready = true; emit("ready"); }
      if (!started && data.status === "in_progress") { started = true; emit("started"); }
      if (last !== null && answered > last) emit("answered", { position: answered });
      last = answered;
      if (!over && data.status === "finished") { over = true; emit("finished"); }
    }

    frame.addEventListener("load", () => {
      fresh = true;
      if (focus && !ready) frame.focus();
      say({ focus: Boolean(focus && !ready) });
      clearTimeout(silence);
      // a page that may not stand here is not shown by the browser, which says so to nobody
      silence = setTimeout(() => emit("error", { reason: "unreachable" }), PATIENCE);
    });
    addEventListener("message", heard);
    addEventListener("resize", resize);
    place.append(frame);
    return {
      frame,
      focus() { frame.focus(); say({ focus: true }); },
      theme(name) { say({ theme: name }); },
      close() {
        clearTimeout(silence);
        removeEventListener("message", heard);
        removeEventListener("resize", resize);
        frame.remove();
      },
    };
  }

  window.Palier = { open, version: 1 };
  if (me?.dataset.launch) {
    const place = document.createElement("div");
    me.after(place);
    open(place, me.dataset);
  }
})();
