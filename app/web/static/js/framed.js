// A page that stands in somebody else's frame (`embed.js` on the other side): it tells how high it is and how far the
// sitting is, to the page around it and to no other; never what was answered, nor what was measured.

import { $ } from "./page.js";

const { frame, status, answered, trouble } = $("script[data-frame]").dataset;
const origins = frame.split(" ").flatMap((one) => { try { return new URL(one).origin; } catch { return []; } });
const root = document.documentElement;
let host = "";

function tell() {
  const height = Math.ceil(root.getBoundingClientRect().height);
  if (host) parent.postMessage({ palier: 1, status, answered: Number(answered), trouble, height }, host);
}

/** As the reader's own choice does in `page.js`, where the page has no switch. */
function wear(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  $("meta[name=color-scheme]").content = theme === "auto" ? "light dark" : theme;
  fetch("/preferences", { method: "POST", body: new URLSearchParams({ theme }), redirect: "manual" }).catch(() => {});
}

if (parent !== window) addEventListener("message", ({ source, origin, data }) => {
  if (source !== parent || data?.palier !== 1 || !origins.includes(origin)) return;
  if (!host) {
    host = origin;
    document.body.style.minHeight = "0"; // the frame follows the page, so the page may not follow the frame
    new ResizeObserver(tell).observe(root);
  }
  if (data.focus) ($("[data-focus]") ?? $("[data-heading]") ?? $("main"))?.focus();
  if (["light", "dark", "auto"].includes(data.theme)) wear(data.theme);
  tell();
});
