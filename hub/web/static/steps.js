// Frequent texts become buttons that write into the text; without this they are boxes to tick, to the same effect.
"use strict";
for (const group of document.querySelectorAll(".phrases[data-into]")) {
  const text = document.getElementById(group.dataset.into);
  for (const box of group.querySelectorAll("input[type=checkbox]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "secondary";
    button.textContent = box.value;
    button.addEventListener("click", () => {
      if (!text.value.includes(box.value)) {
        text.value = text.value.trim() ? text.value.trimEnd() + "\n" + box.value : box.value;
      }
      text.focus();
    });
    box.closest("label").replaceWith(button);
  }
}
// One press sends once.
for (const form of document.querySelectorAll("form[action*='/steps/']")) {
  form.addEventListener("submit", () => {
    setTimeout(() => { for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true; });
  });
  addEventListener("pageshow", () => { for (const button of form.querySelectorAll("button")) button.disabled = false; });
}
