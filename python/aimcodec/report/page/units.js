const PALETTE = ["#0b6e99", "#d9a441", "#1c7c7d", "#a4508b", "#6c8b3c", "#c2593f", "#5b6fb5", "#8a6d4f"];
const MOST_UNITS = 3000;
const kinds = [...new Set(report.units.map((unit) => unit.kind))];
const kindColour = (kind) => PALETTE[kinds.indexOf(kind) % PALETTE.length];

function drawUnits() {
  const shown = report.units.slice(0, MOST_UNITS);
  byId("unit-map").replaceChildren(...shown.map((unit, number) =>
    make("i", {
      class: unit.damaged ? "damaged" : null, "data-unit": number, title: `${number}: ${unit.kind}, ${bytes(unit.bytes)}`,
      style: `flex: ${Math.max(unit.bytes, 1)} 1 0; background: ${kindColour(unit.kind)}`, onclick: () => showUnits([number]),
    })));
  const cut = report.units.length > MOST_UNITS ? [make("span", {}, `the first ${grouped(MOST_UNITS)} shown`)] : [];
  byId("unit-map").after(make("div", { class: "legend", style: "margin-top: .6rem" }, ...kinds.map((kind) => {
    const count = report.units.filter((unit) => unit.kind === kind).length;
    return make("span", {}, make("i", { style: `background: ${kindColour(kind)}` }), `${kind} (${grouped(count)})`);
  }), ...cut));
  byId("unit-detail").replaceChildren(make("p", { class: "hint" }, "A unit tells more when it is clicked."));
}

function showUnits(numbers) {
  const map = byId("unit-map").children;
  choose(byId("unit-map"), numbers.map((number) => map[number]));
  const number = numbers[0];
  const unit = report.units[number];
  if (!unit) return;
  const names = unit.tensors.length > 6 ? [...unit.tensors.slice(0, 6), `and ${unit.tensors.length - 6} more`] : unit.tensors;
  byId("unit-detail").replaceChildren(
    make("b", {}, `Unit ${number}${numbers.length > 1 ? ` and ${numbers.length - 1} more` : ""}: ${unit.kind}`),
    ` at byte ${grouped(unit.offset)}, ${grouped(unit.bytes)} bytes, ${grouped(unit.payload)} of them payload. `,
    names.length ? `Tensors: ${names.join(", ")}. ` : "",
    make("button", { onclick: () => showElement([number], true) }, "In the syntax"));
}
