// Squarified treemap: rows of tiles as near to squares as they get, largest first.
function layOut(items, x, y, width, height) {
  const tiles = [];
  let rest = items;
  let area = items.reduce((sum, item) => sum + item.size, 0);
  while (rest.length) {
    const short = Math.min(width, height);
    const scale = (width * height) / area;
    let count = 1;
    while (count < rest.length && worst(rest.slice(0, count + 1), short, scale) <= worst(rest.slice(0, count), short, scale)) count++;
    const row = rest.slice(0, count);
    const sum = row.reduce((total, item) => total + item.size, 0);
    const thick = (sum * scale) / short;
    let along = 0;
    for (const item of row) {
      const long = (item.size * scale) / thick;
      tiles.push(width < height
        ? { item, x: x + along, y, width: long, height: thick }
        : { item, x, y: y + along, width: thick, height: long });
      along += long;
    }
    if (width < height) { y += thick; height -= thick; } else { x += thick; width -= thick; }
    rest = rest.slice(count);
    area -= sum;
  }
  return tiles;
}

function worst(row, short, scale) {
  const sizes = row.map((item) => item.size * scale);
  const sum = sizes.reduce((total, size) => total + size, 0);
  return Math.max((short ** 2 * Math.max(...sizes)) / sum ** 2, sum ** 2 / (short ** 2 * Math.min(...sizes)));
}

// Low, middle and high ratios; the style has the same colours for the scale.
const STOPS = [[42, 111, 151], [142, 94, 162], [224, 142, 69]];

function colourOf(ratio, low, high) {
  if (ratio === null) return "#7d8790";
  const place = high > low ? 2 * Math.min(1, Math.max(0, (ratio - low) / (high - low))) : 0;
  const first = Math.min(1, Math.floor(place));
  const mix = STOPS[first].map((from, i) => Math.round(from + (STOPS[first + 1][i] - from) * (place - first)));
  return `rgb(${mix.join(", ")})`;
}

// The range of ratios that matter: of tensors of at least a thousandth of all bytes.
function rangeOf(sized) {
  const total = sized.reduce((sum, item) => sum + item.size, 0);
  const ratios = sized.filter((item) => item.size >= total / 1000).map((item) => ratioOf(item.tensor)).filter((ratio) => ratio !== null);
  return ratios.length ? [Math.min(...ratios), Math.max(...ratios)] : [0, 0];
}

const MOST_TILES = 600;

function drawTreemap() {
  const owned = report.tensors.map((tensor, index) => ({ tensor, index, size: tensor.coded, name: tensor.name }));
  const sized = owned.filter((item) => item.size > 0).sort((a, b) => b.size - a.size);
  if (!sized.length) {
    byId("sizes").hidden = true;
    return;
  }
  const [low, high] = rangeOf(sized);
  const tail = sized.slice(MOST_TILES);
  const items = sized.slice(0, MOST_TILES);
  const rest = tail.reduce((sum, item) => sum + item.size, 0);
  if (rest) items.push({ tensor: null, index: -1, size: rest, name: `${tail.length} smaller tensors` });
  items.sort((a, b) => b.size - a.size);
  const width = byId("treemap").clientWidth || 1200;
  const svg = make("svg", { viewBox: `0 0 ${width} 360`, role: "img", "aria-label": "Tensors by bytes in the file" });
  for (const tile of layOut(items, 0, 0, width, 360)) svg.append(drawTile(tile, low, high));
  byId("treemap").replaceChildren(svg);
  if (high) byId("scale").replaceChildren(low.toFixed(3), make("i"), high.toFixed(3));
}

function drawTile(tile, low, high) {
  const { item } = tile;
  const ratio = item.tensor ? ratioOf(item.tensor) : null;
  const group = make("g", { "data-tensor": item.index, onclick: () => item.tensor && chooseTensor(item.index) },
    make("rect", { x: tile.x, y: tile.y, width: tile.width, height: tile.height, fill: colourOf(ratio, low, high) }),
    make("title", {}, `${item.name}\n${bytes(item.size)}${ratio === null ? "" : `, ratio ${ratio.toFixed(4)}`}`));
  const letters = Math.floor((tile.width - 10) / 6.2);
  if (letters >= 5 && tile.height >= 18) {
    const shown = visible(item.name);
    const name = shown.length > letters ? `…${shown.slice(1 - letters)}` : shown;
    group.append(make("text", { x: tile.x + 5, y: tile.y + 14 }, name));
    if (tile.height >= 34) group.append(make("text", { x: tile.x + 5, y: tile.y + 29, opacity: 0.85 }, bytes(item.size)));
  }
  return group;
}
