function drawOverview() {
  const memory = report.tensors.reduce((sum, tensor) => sum + (tensor.alias_of === null ? tensor.bytes ?? 0 : 0), 0);
  const elements = report.tensors.reduce((sum, tensor) => sum + (tensor.alias_of === null ? tensor.elements : 0), 0);
  byId("title").textContent = visible(report.title);
  byId("subtitle").textContent = `${report.syntax}, ${grouped(report.bytes)} bytes`;
  const figures = [[bytes(report.bytes), "in the file"], [bytes(memory), "in memory"]];
  if (memory) figures.push([(report.bytes / memory).toFixed(4), "ratio"]);
  if (elements) figures.push([((8 * report.bytes) / elements).toFixed(3), "bits an element"]);
  figures.push([grouped(report.tensors.length), "tensors"], [grouped(elements), "parameters"], [grouped(report.units.length), "units"]);
  byId("figures").replaceChildren(...figures.map(([value, name]) =>
    make("div", { class: "figure" }, make("b", {}, value), make("span", {}, name))));
  const colours = { "coded payload": "#0b6e99", headers: "#d9a441", checksums: "#1c7c7d", padding: "#9aa5af", "not readable": "#b3261e" };
  const total = report.bits.reduce((sum, [, bits]) => sum + bits, 0) || 1;
  byId("bits").replaceChildren(
    make("div", { class: "bar" }, ...report.bits.map(([name, bits]) => make("i", { style: `flex: ${bits} 1 0; background: ${colours[name]}` }))),
    make("div", { class: "legend" }, ...report.bits.map(([name, bits]) =>
      make("span", {}, make("i", { style: `background: ${colours[name]}` }), `${name} ${((100 * bits) / total).toFixed(bits < total / 100 ? 3 : 1)} %`))));
  if (report.facts.length) byId("facts").querySelector("dl").replaceWith(pairs(report.facts));
  else byId("facts").hidden = true;
  byId("footer").textContent = `Made by ${report.tool}. One file, no network.`;
}

function drawFindings() {
  const list = report.findings.map((finding) => make("div", { class: "finding" },
    finding.bit === null ? null : make("button", { onclick: () => showElement(placeOfBit(finding.bit), true) }, "Show"),
    make("b", {}, finding.code.replaceAll("_", " ")), `: ${finding.rule}`, make("br"),
    make("code", {}, finding.path || ""), finding.bit === null ? "" : ` bit ${grouped(finding.bit)}`,
    finding.clause ? `, clause ${finding.clause}` : ""));
  byId("finding-list").replaceChildren(...(list.length ? list : [make("p", { class: "hint fine" }, "Nothing is wrong with this file.")]));
}

drawOverview();
drawFindings();
drawTreemap();
drawTensors();
drawUnits();
drawTree();
byId("filter").addEventListener("input", drawTensors);
byId("tensor-detail").replaceChildren(make("p", { class: "hint" }, "Click a tensor, in the map or in the table."));
window.addEventListener("resize", drawTreemap);
