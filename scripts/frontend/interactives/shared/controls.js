// An interactive's box: native inputs, which bring keyboard, touch and their names to a screen reader, then what they move.
import * as state from "./state.js";

/** An element with properties, or attributes where their names hold a dash or are `role`, `for` and `list`; children follow. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && !name.includes("-")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

let count = 0;

/** A slider over min … max in steps. `text(number)` is what a reader sees and hears of its value. */
export function range(key, label, { min, max, step = 1, value, text = String }) {
  const input = element("input", { type: "range", min, max, step, value, id: `control-${++count}` });
  const shown = element("output", { htmlFor: input.id });
  const show = () => {
    shown.value = text(input.valueAsNumber);
    input.setAttribute("aria-valuetext", shown.value);
  };
  return {
    key,
    part: element("div", { className: "control control--range" }, element("label", { htmlFor: input.id }, label), shown, input),
    show,
    get: () => input.valueAsNumber,
    write: () => input.value,
    // A range holds what it is given within its bounds and steps; anything else would become its middle.
    read: (written) => Number.isFinite(parseFloat(written)) && (input.value = written),
  };
}

/** One of several, [value, label] each. */
export function choice(key, label, options, value) {
  const input = element("select", { id: `control-${++count}` }, ...options.map(([value, text]) => element("option", { value }, text)));
  input.value = value;
  return {
    key,
    part: element("div", { className: "control" }, element("label", { htmlFor: input.id }, label), input),
    show: () => {},
    get: () => input.value,
    write: () => input.value,
    read: (written) => options.some(([value]) => value === written) && (input.value = written),
  };
}

/**
 * Any of several, [value, label] each; `values` are those checked at first.
 *
 * What is not `offered(value)` now is disabled and not checked. A reader's check comes back with the offer, and stays in the address.
 */
export function several(key, label, options, values, offered = () => true) {
  const boxes = options.map(([value]) => element("input", { type: "checkbox", value, checked: values.includes(value) }));
  const labels = options.map(([, text], i) => element("label", {}, boxes[i], text));
  const kept = new Set(); // were checked when they were disabled
  const valuesOf = (chosen) => boxes.filter(chosen).map((box) => box.value);
  return {
    key,
    part: element("fieldset", { className: "control control--several" }, element("legend", {}, label), ...labels),
    show() {
      for (const box of boxes) {
        if (box.disabled !== offered(box.value)) continue;
        box.disabled = !box.disabled;
        if (box.disabled && box.checked) kept.add(box);
        box.checked = !box.disabled && kept.delete(box);
      }
    },
    get: () => valuesOf((box) => box.checked),
    write: () => valuesOf((box) => box.checked || kept.has(box)).join("."),
    read: (written) => boxes.forEach((box) => (box.checked = written.split(".").includes(box.value))),
  };
}

/** On or off. */
export function toggle(key, label, checked = false) {
  const input = element("input", { type: "checkbox", checked });
  return {
    key,
    part: element("div", { className: "control" }, element("label", {}, input, label)),
    show: () => {},
    get: () => input.checked,
    write: () => (input.checked ? "on" : "off"),
    read: (written) => (input.checked = written === "on"),
  };
}

/**
 * Bring every box of an interactive on this page to life.
 *
 * `make(language, show)` returns {title, controls, view, update}: the settings' controls, an element to look at, and
 * update(settings), which redraws the view and returns {note, says, head, rows}: what is computed, what it shows in
 * words, which are read out when they change, and as a table. `show()` updates when something else than a setting changed.
 */
export function enliven(name, make) {
  for (const box of document.querySelectorAll(`[data-interactive="${name}"]:empty`)) {
    const language = document.documentElement.lang === "ja" ? "ja" : "en"; // the languages that the interactives speak
    const show = () => {
      controls.forEach((control) => control.show());
      shown = update(settings());
      note.textContent = shown.note;
      if (says.value !== shown.says) says.value = shown.says;
      fill();
    };
    const { title, controls, view, update } = make(language, show);
    const note = element("p", { className: "interactive__note" });
    const says = element("output", { className: "interactive__says" });
    const table = element("table");
    const details = element("details", { className: "interactive__table" }, element("summary", {}, { ja: "数値の表", en: "Table of values" }[language]), table);
    const settings = () => Object.fromEntries(controls.map(({ key, get }) => [key, get()]));
    const written = () => Object.fromEntries(controls.map(({ key, write }) => [key, write()]));
    let shown;
    const fill = () => {
      if (!details.open) return;
      const row = (tag, cells) => element("tr", {}, ...cells.map((cell) => element(tag, {}, cell)));
      table.replaceChildren(row("th", shown.head), ...shown.rows.map((cells) => row("td", cells)));
    };

    const defaults = written();
    for (const control of controls) {
      const inAddress = state.read(name, control.key);
      if (inAddress !== null) control.read(inAddress);
    }
    const form = element("form", { className: "interactive__controls" }, ...controls.map(({ part }) => part));
    form.addEventListener("input", show);
    // Only when the hand rests: browsers limit how often an address may change.
    form.addEventListener("change", () => state.write(name, written(), defaults));
    form.addEventListener("submit", (event) => event.preventDefault());
    details.addEventListener("toggle", fill);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", title);
    box.append(element("p", { className: "interactive__title" }, title), note, form, view, says, details);
    show();
  }
}
