// Saves what is typed, on this device while the line is down; checks the national identifier as it is typed.
// Everything works without it: the server keeps, checks and fills in the same.
(() => {
  "use strict";

  const PREFIX = "referral-hub:draft:";
  const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const WAIT = 1500, RETRY = 15000, LARGE_PHOTO = 1_200_000, PIXELS = 2400;

  const store = (() => { try { return window.localStorage; } catch { return null; } })();
  const names = () => store ? Object.keys(store).filter((name) => name.startsWith(PREFIX)) : [];
  const forget = (name) => store?.removeItem(name);
  const hold = (name, fields) => { try { store?.setItem(name, JSON.stringify(fields)); } catch { /* full: the page still has it */ } };

  let leaving = false;

  const sent = document.cookie.split("; ").find((c) => c.startsWith("sent="))?.slice(5);
  if (sent) {
    names().filter((name) => name.endsWith(`:${sent}`)).forEach(forget);
    document.cookie = "sent=; max-age=0; path=/; samesite=lax";
  }
  document.querySelectorAll('form[action^="/logout"]').forEach((form) =>
    form.addEventListener("submit", () => { leaving = true; names().forEach(forget); }));

  const post = (url, fields, csrf) => fetch(url, {
    method: "POST", body: fields, headers: { "X-CSRF-Token": csrf, Accept: "application/json" }, redirect: "error",
    credentials: "same-origin",
  });

  // Drafts of this person that other pages have left on this device.
  async function sync(login, csrf, but, told) {
    let saved = "";
    for (const name of names()) {
      const [owner, key] = [name.slice(PREFIX.length, name.lastIndexOf(":")), name.slice(name.lastIndexOf(":") + 1)];
      if (owner !== login || key === but) continue;
      try {
        const answer = await post(`/drafts/${key}`, new URLSearchParams(JSON.parse(store.getItem(name))), csrf);
        if (answer.ok) saved = key;
        if (answer.ok || answer.status === 409) forget(name);
      } catch { return; }
    }
    if (saved) told(saved);
  }

  const list = document.querySelector("#kept[data-csrf]");
  if (list) {
    const told = () => { list.hidden = false; list.textContent = list.dataset.toldElsewhere; };
    const fetched = () => sync(list.dataset.login, list.dataset.csrf, "", told);
    fetched();
    window.addEventListener("online", fetched);
  }

  document.getElementById("errors")?.focus();

  const form = document.querySelector("form.referral");
  if (!form) return;

  const { key, login } = form.dataset;
  const csrf = form.elements.csrf_token.value;
  const name = `${PREFIX}${login}:${key}`;
  const kept = document.getElementById("kept");
  let timer = 0, typed = 0, saved = 0, running = false;

  function fields() {
    const found = {};
    for (const [field, value] of new FormData(form)) {
      if (typeof value === "string" && !["csrf_token", "do", "refused"].includes(field)) found[field] = value;
    }
    return found;
  }

  function tell(text, bad) {
    if (kept.textContent !== text) kept.textContent = text;
    kept.classList.toggle("bad", Boolean(bad));
  }

  // Who has just logged in again, and was taken to an empty form, goes on with what he was writing.
  function elsewhere(other) {
    if (!typed && location.pathname === "/referrals/new" && !location.search) location.replace(`/drafts/${other}`);
    else tell(form.dataset.toldElsewhere);
  }

  function changed() {
    typed += 1;
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  }

  async function save() {
    clearTimeout(timer);
    if (running || leaving || saved === typed) return;
    running = true;
    const now = typed, content = fields();
    hold(name, content);
    try {
      const answer = await post(`/drafts/${key}`, new URLSearchParams(content), csrf);
      if (answer.ok) {
        saved = now;
        if (saved === typed) forget(name);
        tell(`${form.dataset.toldKept} ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
        if (location.pathname !== `/drafts/${key}`) history.replaceState(null, "", `/drafts/${key}`);
      } else if (answer.status === 409) {
        forget(name);
        saved = now;
      } else {
        tell([401, 403].includes(answer.status) ? form.dataset.toldLogin : form.dataset.toldAway, true);
        timer = setTimeout(save, RETRY);
      }
    } catch {
      tell(form.dataset.toldAway, true);
      timer = setTimeout(save, RETRY);
    } finally {
      running = false;
      if (saved !== typed && now !== typed) { clearTimeout(timer); timer = setTimeout(save, WAIT); }
    }
  }

  function restore() {
    const held = store?.getItem(name);
    if (!held) return;
    if ("kept" in form.dataset) { forget(name); return; }
    for (const [field, value] of Object.entries(JSON.parse(held))) {
      const element = form.elements[field];
      if (!element || ["key", "csrf_token", "files"].includes(field)) continue;
      element.value = value;
    }
    tell(form.dataset.toldRestored);
    changed();
  }

  form.addEventListener("input", (event) => { if (event.target.type !== "file") changed(); });
  form.addEventListener("change", (event) => { if (event.target.type !== "file") changed(); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=file])")) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    if (uploading) {
      event.preventDefault();
      const pressed = event.submitter;
      uploading.then(() => form.requestSubmit(pressed));
      return;
    }
    leaving = true;
    clearTimeout(timer);
    hold(name, fields());
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) { leaving = false; changed(); } });
  window.addEventListener("online", () => { if (saved !== typed) save(); sync(login, csrf, key, elsewhere); });
  window.addEventListener("offline", () => { if (typed) tell(form.dataset.toldAway, true); });
  document.addEventListener("visibilitychange", () => { if (document.hidden && !leaving && saved !== typed) hold(name, fields()); });

  // A photograph of several megabytes is for a slow line what 2400 pixels say as well.
  async function smaller(file) {
    if (file.type !== "image/jpeg" || file.size < LARGE_PHOTO) return file;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, PIXELS / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
      return made && made.size < file.size ? new File([made], file.name, { type: made.type }) : file;
    } catch { return file; }
  }

  // Files go up as soon as they are chosen; what does not go now goes with the form.
  const files = document.getElementById("files"), filesTold = document.getElementById("files-told");
  let uploading = null;

  async function upload(chosen) {
    const content = new FormData(), ready = [];
    for (const [field, value] of Object.entries(fields())) content.append(field, value);
    filesTold.textContent = filesTold.dataset.sending.replace("{n}", chosen.length);
    filesTold.classList.remove("bad");
    try {
      for (const file of chosen) ready.push(await smaller(file));
      for (const file of ready) content.append("files", file);
      const answer = await fetch(`/drafts/${key}/files`, {
        method: "POST", body: content, headers: { "X-CSRF-Token": csrf, Accept: "text/html" }, credentials: "same-origin",
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const held = document.getElementById("held");
      held.innerHTML = await answer.text();
      form.elements.refused.value = held.querySelector(".error") ? chosen.map((file) => file.name).join(", ") : "";
      filesTold.textContent = "";
      document.getElementById("department").dispatchEvent(new Event("change", { bubbles: true }));
    } catch {
      const back = new DataTransfer();
      for (const file of [...ready, ...chosen.slice(ready.length), ...files.files]) back.items.add(file);
      files.files = back.files;
      filesTold.textContent = filesTold.dataset.away;
      filesTold.classList.add("bad");
    }
  }

  files.addEventListener("change", () => {
    const chosen = [...files.files];
    files.value = "";
    uploading = (uploading ?? Promise.resolve()).then(() => upload(chosen));
    const mine = uploading;
    mine.finally(() => { if (uploading === mine) uploading = null; });
  });

  // GB 11643: date in the middle, ISO 7064 MOD 11-2 at the end.
  const number = document.getElementById("national_identifier"), numberTold = document.getElementById("number-told");
  const birth = document.getElementById("birth_date");
  let filled = { birth: "", sex: "" };

  function check() {
    const value = number.value.normalize("NFKC").replace(/\s/g, "").toUpperCase();
    const told = number.dataset;
    let text = "", good = false;
    unfill();
    if (value.length > 18) text = told.long;
    else if (value && value.length < 18) text = told.short.replace("{n}", 18 - value.length);
    else if (value && !/^\d{17}[\dX]$/.test(value)) text = told.digit;
    else if (value) {
      const date = `${value.slice(6, 10)}-${value.slice(10, 12)}-${value.slice(12, 14)}`;
      const real = new Date(`${date}T00:00:00Z`);
      if (Number.isNaN(real.getTime()) || real.toISOString().slice(0, 10) !== date) text = told.date;
      else if ("10X98765432"[WEIGHTS.reduce((sum, weight, n) => sum + weight * value[n], 0) % 11] !== value[17]) text = told.digit;
      else { good = true; text = told.fits; fill(date, value[16] % 2 ? "male" : "female"); }
    }
    if (numberTold.textContent !== text) numberTold.textContent = text;
    numberTold.classList.toggle("good", good);
    numberTold.classList.toggle("bad", Boolean(text) && !good && value.length >= 18);
  }

  // What came from a number that is no longer there is not the next patient's.
  function unfill() {
    if (filled.birth && birth.value === filled.birth) birth.value = "";
    const chosen = form.querySelector("[name=gender]:checked");
    if (filled.sex && chosen?.value === filled.sex) chosen.checked = false;
    filled = { birth: "", sex: "" };
  }

  function fill(date, sex) {
    if (!birth.value || birth.value === date) { birth.value = date; filled.birth = date; }
    const chosen = form.querySelector("[name=gender]:checked");
    if (!chosen || chosen.value === sex) {
      form.querySelector(`[name=gender][value=${sex}]`).checked = true;
      filled.sex = sex;
    }
  }

  number.addEventListener("input", check);
  restore();
  if (number.value && !number.matches("[aria-invalid]")) check();
  sync(login, csrf, key, elsewhere);
})();
