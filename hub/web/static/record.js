// The sources of a statement open beside it; Escape or the button closes them and gives the focus back.
(() => {
  const panel = document.getElementById("sources");
  if (!panel || !window.htmx) return;
  const body = document.getElementById("sources-body");
  let opener = null;

  const close = () => {
    panel.hidden = true;
    body.replaceChildren();
    document.querySelector("[aria-current=true]")?.removeAttribute("aria-current");
    opener?.focus();
    opener = null;
  };

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target !== body) return;
    document.querySelector("[aria-current=true]")?.removeAttribute("aria-current");
    opener = event.detail.elt;
    opener.setAttribute("aria-current", "true");
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body) {
      // The pressed button went with the forms that the answer replaced.
      if (!panel.hidden && document.activeElement === document.body) body.querySelector("#mark-reason[aria-invalid], #marking-title")?.focus({ preventScroll: true });
      return;
    }
    panel.hidden = false;
    panel.scrollTop = 0;
    body.querySelector("[tabindex='-1']")?.focus({ preventScroll: true });
  });
  // htmx boosts links of HTML only; the marks of the timeline are links of SVG.
  document.querySelector(".drawn")?.addEventListener("click", (event) => {
    const mark = event.target.closest("a");
    if (!mark || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    window.htmx.ajax("GET", mark.href.baseVal, { source: mark, target: body, swap: "innerHTML" });
  });
  // What cannot be shown beside (a session that ended, a line that broke) is followed as the link that it is.
  for (const kind of ["htmx:responseError", "htmx:sendError"]) {
    document.body.addEventListener(kind, (event) => {
      if (event.detail.target === body && event.detail.elt.href) window.location.assign(event.detail.elt.href.baseVal ?? event.detail.elt.href);
    });
  }
  panel.querySelector(".close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) close();
  });
})();
