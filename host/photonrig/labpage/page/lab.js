// The lab's page: applies the changes the server tells, and asks it to do what buttons say. No state but what is shown.
const KEPT = 500;
const slots = new Map();
const byId = (id) => document.getElementById(id);
const time = (at) => at.slice(11, 23);

// Asks the lab, and shows what came of it.
async function ask(slot, path, body, said) {
  let text = "", bad = true;
  try {
    const answer = await fetch(path, { method: "POST", body });
    const told = await answer.json();
    bad = !answer.ok;
    text = bad ? told.error : said(told.result);
  } catch {
    text = "the lab does not answer";
  }
  say(slot, text, bad);
  return !bad;
}

function say(slot, text, bad = false) {
  const answer = slots.get(slot).querySelector(".answer");
  answer.textContent = text;
  answer.hidden = text === "";
  answer.classList.toggle("bad", bad);
}

function act(slot, request) {
  const said = (result) => result === null ? "" : `${request.name}: ${result}`;
  return ask(slot, "/do", JSON.stringify({ slot, ...request }), said);
}

async function flash(slot, chosen, button) {
  const file = chosen.files[0];
  if (!file) return say(slot, "choose a file first", true);
  button.disabled = true;
  say(slot, `flashing ${file.name} …`);
  await ask(slot, `/flash/${encodeURIComponent(slot)}`, file, (became) => `${file.name} ${became}`);
  button.disabled = false;
}

function card(name) {
  if (slots.has(name)) return slots.get(name);
  const made = byId("slot").content.cloneNode(true).querySelector("article");
  const on = (selector, event, then) => made.querySelector(selector).addEventListener(event, then);
  const value = (selector) => made.querySelector(selector).value;
  const pressed = (selector) => made.querySelector(selector).getAttribute("aria-pressed") === "true";
  made.dataset.slot = name;
  made.setAttribute("aria-label", `slot ${name}`);
  made.querySelector("h2").textContent = name;
  // One after another, so that a quick finger lets go after it has pressed.
  let last = Promise.resolve();
  const press = (button) => {
    let held = false;
    return (on) => (last = last.then(async () => {
      if (!on && !held) return true; // what was refused stays on the card
      const done = await act(name, { do: button, on, reader });
      held = on && done;
      return done;
    }));
  };
  hold(made.querySelector(".setup"), press("setup"), made.querySelector(".keep"));
  hold(made.querySelector(".reset"), press("reset"));
  on(".on", "click", () => act(name, { do: "power", on: true }));
  on(".off", "click", () => act(name, { do: "power", on: false }));
  on(".power", "click", () => act(name, { do: "power", on: !pressed(".power") }));
  on(".wifi", "click", () => act(name, { do: "wifi", on: !pressed(".wifi") }));
  on(".call", "click", () => act(name, { do: "call", name: value(".function"), argument: value(".argument") }));
  on(".read", "click", () => act(name, { do: "read", name: value(".variable") }));
  on(".setup-now", "click", () =>
    act(name, { do: "join", name: value(".ssid"), argument: value(".password"), code: value(".code") }));
  on(".flash-now", "click", (event) => flash(name, made.querySelector(".image"), event.currentTarget));
  on(".serial", "toggle", () =>
    act(name, { do: made.querySelector(".serial").open ? "open console" : "close console" }));
  const send = () => {
    act(name, { do: "say", argument: value(".line") });
    made.querySelector(".line").value = "";
  };
  on(".send", "click", send);
  on(".line", "keydown", (event) => event.key === "Enter" && send());
  slots.set(name, made);
  byId("slots").append(made);
  return made;
}

// A button that is held: by pointer, until it is lifted or slides off, or by the space bar or Enter; `keep` holds it
// without a finger. Whatever becomes of this page, the lab lets go when its changes are no longer read.
function hold(button, tell, keep) {
  let down = false;
  const kept = () => keep?.getAttribute("aria-pressed") === "true";
  const set = (now) => {
    if (down === now || (!now && kept())) return;
    down = now;
    button.classList.toggle("held", now);
    tell(now).then((done) => {
      if (done || !now) return;
      keep?.setAttribute("aria-pressed", "false");
      down = false;
      button.classList.remove("held");
    });
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.releasePointerCapture(event.pointerId); // which a touch has by itself, and would hide that it slides off
    set(true);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave", "blur", "keyup"])
    button.addEventListener(end, () => set(false));
  window.addEventListener("blur", () => set(false));
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long touch
  button.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      set(true);
    }
  });
  keep?.addEventListener("click", () => {
    keep.setAttribute("aria-pressed", String(!kept()));
    set(kept());
  });
}

function show(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showLed(led, state) {
  const shown = state ?? { color: "#444444", pattern: "off", period_ms: 0 };
  led.className = `led ${shown.pattern}`;
  led.style.setProperty("--period", `${shown.period_ms || 1000}ms`);
  led.style.backgroundColor = shown.color === "rainbow" ? "" : shown.color ?? "#ff0000";
  led.setAttribute("aria-label", state ? `LED ${shown.pattern} ${shown.color ?? "red"}` : "LED off");
}

// What of a card is for what a slot can do.
const OFFERED = { setup: [".setup", ".keep"], reset: [".reset"], power: [".power"], switch: [".on", ".off"], wifi: [".wifi"],
  serial: [".serial"], softap: [".join"], cloud: [".cloud", ".flash"] };

function showFact(made, name, text) {
  const value = made.querySelector(`.${name}`);
  show(value, text ?? "");
  value.hidden = value.previousElementSibling.hidden = text === undefined;
}

function showSlot(change) {
  const made = card(change.slot);
  const find = (selector) => made.querySelector(selector);
  for (const [can, parts] of Object.entries(OFFERED))
    for (const part of parts) find(part).hidden = !change.can.includes(can);
  find(".led").hidden = change.led === undefined;
  if (change.led !== undefined) showLed(find(".led"), change.led);
  show(find(".mode"), change.mode);
  showFact(made, "owner", change.owner === null ? "unowned" : change.owner);
  showFact(made, "product", change.product);
  showFact(made, "firmware", change.firmware ? `${change.variant}, ${change.firmware}` : change.led === undefined ? undefined : change.variant);
  showFact(made, "network", change.wifi === null ? "radio off" : change.wifi === "" ? "–" : change.wifi);
  showFact(made, "device", change.device);
  showFact(made, "usb", change.usb);
  showFact(made, "seen", change.seen && `${change.seen.slice(0, 10)} ${time(change.seen)}`);
  showFact(made, "holder", change.holder);
  find(".power").setAttribute("aria-pressed", String(change.power));
  find(".wifi").setAttribute("aria-pressed", String(change.wifi !== null && change.power));
  if (change.power === false && made.querySelector(".held")) {
    find(".keep").setAttribute("aria-pressed", "false");
    for (const button of made.querySelectorAll(".held")) button.dispatchEvent(new Event("blur"));
  }
  for (const selector of [".setup", ".reset", ".keep", ".wifi"]) find(selector).disabled = change.power === false;
  const lift = change.parts?.lift, pane = find(".window");
  pane.hidden = !lift;
  if (lift) {
    pane.className = `window ${change.variant}`;
    pane.style.setProperty("--open", lift.position / 100);
    pane.style.setProperty("--tilt", (change.parts.tilt?.position ?? 0) / 100);
    const parts = Object.entries(change.parts).map(([name, part]) => `${name} ${Math.round(part.position)} %`);
    pane.setAttribute("aria-label", parts.join(", "));
  }
  showFaults(change, find(".faults"));
  if (change.mode === "online" && made.classList.contains("panicked")) made.classList.remove("panicked");
}

function showFaults(change, place) {
  const names = Object.keys(change.faults ?? {});
  place.hidden = names.length === 0;
  const list = place.querySelector(".list");
  if (list.children.length !== names.length)
    list.replaceChildren(...names.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name.replaceAll("_", " ");
      button.addEventListener("click", () =>
        act(change.slot, { do: "fault", name, on: button.getAttribute("aria-pressed") !== "true" }));
      return button;
    }));
  names.forEach((name, at) => list.children[at].setAttribute("aria-pressed", String(change.faults[name])));
}

function row(list, change, ...texts) {
  const item = document.createElement("li");
  const at = document.createElement("time");
  at.dateTime = change.at;
  at.textContent = time(change.at);
  item.append(at, ...texts.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  list.prepend(item);
  while (list.children.length > KEPT) list.lastChild.remove();
  return item;
}

function filtered(item) {
  item.hidden = !item.textContent.toLowerCase().includes(byId("filter").value.toLowerCase());
}

// Owners of each slot as they changed: [{ from: milliseconds, owner }], the oldest first.
const owned = new Map();

function showOwner(change) {
  const from = Date.parse(change.at), past = owned.get(change.slot) ?? [{ from: null, owner: change.before }];
  const gap = change.before === null && past.at(-1).from !== null ? `, unowned for ${seconds(from - past.at(-1).from)}` : "";
  owned.set(change.slot, [...past, { from, owner: change.owner }].slice(-KEPT));
  const by = change.by ? `, by ${change.by}` : "";
  const text = `${change.before ?? "unowned"} → ${change.owner ?? "unowned"}${gap}${by}`;
  const item = row(byId("owners"), change, change.slot, text);
  item.classList.toggle("unowned", change.owner === null);
  item.classList.add("owner");
}

const seconds = (ms) => ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;

// Who owned what when: a bar for each device whose owner has changed, from the first change until now.
function showBars() {
  const now = Date.now(), begun = Math.min(...[...owned.values()].map((past) => past[1].from));
  const bySlot = [...owned].sort(([one], [other]) => one.localeCompare(other, undefined, { numeric: true }));
  byId("bars").replaceChildren(...bySlot.map(([slot, past]) => {
    const bar = document.createElement("div");
    const told = past.map((each, at) => {
      const from = each.from ?? begun, until = past[at + 1]?.from ?? now;
      const part = document.createElement("span");
      part.className = each.owner === null ? "none" : "one";
      part.style.flexGrow = Math.max(until - from, 1);
      part.style.setProperty("--hue", hue(each.owner ?? ""));
      part.textContent = each.owner ?? "";
      if (each.from === null && until <= from) part.hidden = true;
      bar.append(part);
      return each.from === null ? each.owner ?? "unowned" : `${each.owner ?? "unowned"} for ${seconds(until - from)}`;
    });
    bar.className = "bar";
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", `${slot}: ${told.join(", then ")}`);
    bar.title = told.join(", then ");
    const line = document.createElement("div");
    line.append(Object.assign(document.createElement("span"), { textContent: slot }), bar);
    return line;
  }));
}

const hue = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 0);

function showAsked(change) {
  const text = `${change.who} asked: ${change.request} → ${change.status} (token ${change.token}…)`;
  const item = row(byId("owners"), change, change.slot, text);
  item.classList.toggle("refused", change.status >= 400);
  item.hidden = byId("only-owners").getAttribute("aria-pressed") === "true";
}

function showWebhook(change) {
  const answer = change.error ?? `answered ${change.status}`;
  row(byId("webhooks"), change, change.slot, `${change.event} sent, ${answer}`).classList.toggle("refused", change.error !== null);
}

function showSerial(change) {
  const lines = card(change.slot).querySelector(".serial pre");
  const down = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
  lines.append(`${time(change.at)}  ${change.line}\n`);
  while (lines.childNodes.length > KEPT) lines.firstChild.remove();
  if (down) lines.scrollTop = lines.scrollHeight;
}

function showPanic(change) {
  const made = card(change.slot), panic = made.querySelector(".panic");
  made.classList.add("panicked");
  panic.hidden = false;
  panic.querySelector("summary").textContent = change.title;
  panic.querySelector("pre").textContent = change.lines.join("\n");
}

const waiting = [];
let reader = ""; // this page's name at the lab, which lets go of its buttons when it is gone
const shows = {
  begin(change) {
    reader = change.reader;
    slots.clear();
    owned.clear();
    for (const id of ["slots", "owners", "bars", "events", "webhooks"]) byId(id).replaceChildren();
  },
  slot: showSlot,
  owner: showOwner,
  asked: showAsked,
  webhook: showWebhook,
  event: (change) => filtered(row(byId("events"), change, change.slot, `${change.name}  ${change.data ?? ""}`)),
  serial: showSerial,
  panic: showPanic,
};

byId("filter").addEventListener("input", () => [...byId("events").children].forEach(filtered));
byId("pause").addEventListener("click", () => {
  const paused = byId("pause").getAttribute("aria-pressed") !== "true";
  byId("pause").setAttribute("aria-pressed", String(paused));
  if (!paused) waiting.splice(0).forEach((change) => shows.event(change));
});

byId("only-owners").addEventListener("click", (event) => {
  const only = event.target.getAttribute("aria-pressed") !== "true";
  event.target.setAttribute("aria-pressed", String(only));
  for (const item of byId("owners").children) item.hidden = only && !item.classList.contains("owner");
});
setInterval(showBars, 2000);

// Changes are applied once a frame, however many have come.
let due = [];
function apply() {
  const now = due;
  due = [];
  for (const change of now) {
    if (change.kind === "event" && byId("pause").getAttribute("aria-pressed") === "true") waiting.push(change);
    else shows[change.kind]?.(change);
  }
  if (now.some((change) => change.kind === "owner")) showBars();
  const online = [...slots.values()].filter((each) => each.querySelector(".mode").textContent === "online").length;
  show(byId("state"), `${slots.size} slots, ${online} online`);
}

const source = new EventSource("/changes");
source.addEventListener("message", (message) => {
  if (due.length === 0) setTimeout(apply, 30);
  due.push(...JSON.parse(message.data));
});
source.addEventListener("open", () => byId("state").classList.remove("lost"));
source.addEventListener("error", () => {
  byId("state").classList.add("lost");
  show(byId("state"), "the lab does not answer");
});
