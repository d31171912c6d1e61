// What a launch gains from a script: the platform's own storage where cookies are refused (LTI postMessage storage),
// the height of the frame, forms that send themselves, a window that asks to be closed.

const platform = () => (window.parent !== window ? window.parent : window.opener);

/** Ask the platform's storage; null when it does not answer within a second and a half. */
function ask(box, message) {
  const { frame, origin } = box.dataset;
  const id = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
  return new Promise((resolve) => {
    const done = (answer) => { clearTimeout(late); removeEventListener("message", hear); resolve(answer); };
    const hear = (event) => {
      const said = event.data;
      if (event.origin !== origin || typeof said !== "object" || !said) return;
      if (said.message_id !== id || said.subject !== `${message.subject}.response`) return;
      done(said.error ? null : said);
    };
    const late = setTimeout(() => done(null), 1500);
    addEventListener("message", hear);
    try {
      const owner = platform();
      const target = !frame || frame === "_parent" ? owner : owner.frames[frame] || owner;
      target.postMessage({ ...message, message_id: id }, origin);
    } catch { done(null); }
  });
}

const box = document.querySelector("[data-lti-storage]");
if (box?.dataset.ltiStorage === "put") {
  ask(box, { subject: "lti.put_data", key: box.dataset.key, value: box.dataset.value })
    .then(() => location.replace(box.dataset.address));
}
if (box?.dataset.ltiStorage === "get") {
  ask(box, { subject: "lti.get_data", key: box.dataset.key }).then((said) => {
    const form = box.querySelector("[data-lti-form]");
    form.elements.binding.value = typeof said?.value === "string" ? said.value : "none";
    form.submit();
  });
}

document.querySelector("[data-lti-submit]")?.submit();

// Dynamic Registration 1.0: whoever opened the window closes it; the message says nothing else, so it may go anywhere.
if (document.querySelector("[data-lti-close]")) platform()?.postMessage({ subject: "org.imsglobal.lti.close" }, "*");

if (window.parent !== window) {
  const tell = () => window.parent.postMessage({ subject: "lti.frameResize", height: document.documentElement.scrollHeight }, "*");
  new ResizeObserver(tell).observe(document.body);
}
