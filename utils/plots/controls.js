(() => {
  // The page may hold this control twice, or an older one: a script knows its own by where it stands.
  const here = document.currentScript;
  const control = (here && here.closest("[data-control]")) ||
    [...document.querySelectorAll("[data-control='NAME']:not([data-moves])")].pop();
  if (!control || control.dataset.moves) return;
  control.dataset.moves = "yes";
  const about = DATA;
  const place = control.querySelector("[data-picture]");
  const still = place.querySelector("img");
  const layer = { position: "absolute", left: 0, top: 0, width: "100%", height: "100%" };

  // Each way to draw takes the inputs' positions.
  const DRAW = {
    pictures() { // one over the first, transparent where it agrees with it
      const over = new Image();
      over.alt = "";
      Object.assign(over.style, layer, { maxWidth: "none", margin: 0 });
      place.append(over);
      return at => {
        const i = at.reduce((all, here, k) => all * about.inputs[k].shown.length + here, 0);
        over.hidden = !about.pictures[i];
        if (!over.hidden) over.src = about.pictures[i];
      };
    },
    scores({ tops, left, wide, colours, unit, zero }) {
      const draw = shapes();
      return at => {
        const moved = at.map((here, k) => about.inputs[k].values[here]);
        const all = moved.pop();
        const z = moved.map(score => score + all);
        const e = z.map(score => Math.exp(score - Math.max(...z)));
        const p = e.map(one => one / e.reduce((a, b) => a + b));
        draw([z, p].flatMap((heights, side) => heights.flatMap((height, k) => {
          const y = zero[side] - height * unit[side];
          const middle = left[side][k] + wide[side] / 2;
          return [
            ["rect", { x: left[side][k], width: wide[side], fill: colours[k],
              y: Math.min(y, zero[side]), height: Math.abs(y - zero[side]) }],
            ["text", { x: middle, y: y + (height < 0 ? 17 : -5), "text-anchor": "middle" },
              minus(height.toFixed(2))],
          ];
        })));
      };
    },
    fit({ x, y, from, to, left, unitX, zero, unitY, title }) {
      const draw = shapes();
      const log1pexp = z => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
      return at => {
        const [b, w] = at.map((here, k) => about.inputs[k].values[here]);
        const loss = x.reduce((sum, one, i) => sum + log1pexp(b + w * one) - y[i] * (b + w * one), 0);
        const points = Array.from({ length: 161 }, (_, i) => from + (to - from) * i / 160);
        const path = points.map(one => [left + (one - from) * unitX,
          zero - unitY / (1 + Math.exp(-b - w * one))].map(v => v.toFixed(1)).join(","));
        const all = [
          ["polyline", { points: path.join(" "), fill: "none", stroke: "black", "stroke-width": 2.8 }],
          ["text", { x: title[0], y: title[1], "font-weight": "bold", "font-size": 16.7 },
            `mean loss ${(loss / x.length).toFixed(3)}`],
        ];
        const half = -b / w;
        if (w && half > from && half < to) {
          const middle = left + (half - from) * unitX;
          all.push(
            ["line", { x1: middle, x2: middle, y1: zero + 0.06 * unitY, y2: zero - 1.06 * unitY,
              stroke: "grey", "stroke-width": 1.4, "stroke-dasharray": "1.4 2.3" }],
            ["text", { x: middle + 11, y: zero - unitY / 2 + 4, "font-size": 12.5 }, "p = ½"]);
        }
        draw(all);
      };
    },
  };

  function minus(text) { return text.replace("-", "−"); }

  /** Put an SVG over a picture without what moves; return what draws on it. */
  function shapes() {
    const make = tag => document.createElementNS("http://www.w3.org/2000/svg", tag);
    const svg = make("svg");
    svg.setAttribute("viewBox", `0 0 ${about.size[0]} ${about.size[1]}`);
    svg.setAttribute("aria-hidden", "true");
    Object.assign(svg.style, layer, {
      fontFamily: "'DejaVu Sans', Verdana, sans-serif", fontSize: "15.3px" });
    still.src = about.stage;
    place.append(svg);
    return all => svg.replaceChildren(...all.map(([tag, attributes, text = ""]) => {
      const shape = make(tag);
      for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
      shape.textContent = text;
      return shape;
    }));
  }

  const draw = DRAW[about.kind](about.geometry);
  const ranges = about.inputs.map(({ label, shown, start }) => {
    const [row, name, range, value] = ["div", "label", "input", "output"].map(tag =>
      document.createElement(tag));
    Object.assign(range, { type: "range", min: 0, max: shown.length - 1, step: 1 });
    range.value = start;
    range.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the arrow keys
    range.style.cssText = "flex:1 1 8em;min-width:0;min-height:24px;margin:0";
    value.setAttribute("aria-live", "off"); // the input itself announces its value
    value.style.cssText = "min-width:5em;white-space:nowrap";
    const text = document.createElement("span");
    text.textContent = label;
    text.style.minWidth = "6.5em";
    name.append(text, range);
    name.style.cssText = "display:flex;gap:.8em;align-items:center;flex:0 1 28em;min-width:0";
    row.style.cssText = "display:flex;gap:.8em;align-items:center";
    row.append(name, value);
    return { row, range, value, shown };
  });
  function move() {
    for (const { range, value, shown } of ranges) {
      value.textContent = shown[range.value];
      range.setAttribute("aria-valuetext", shown[range.value]);
    }
    draw(ranges.map(({ range }) => Number(range.value)));
  }
  const box = document.createElement("div");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "controls of the picture below");
  box.append(...ranges.map(({ row }) => row));
  box.addEventListener("input", move);
  control.querySelector("[data-still]").hidden = true;
  control.prepend(box);
  move();
})();
