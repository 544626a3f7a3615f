"use strict";
// A column's heading sorts its table; the field above the students finds some of them.
const inOrder = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
const numberIn = (text) => {
  const found = text.replace("−", "-").match(/[+-]?\d+(\.\d+)?(?=\D*$)/);
  return found ? Number(found[0]) : -Infinity;
};
function sort(table, heading) {
  const column = heading.cellIndex;
  const numbers = heading.classList.contains("n");
  // Numbers begin with the lowest, names with A; a second time turns it round.
  const turn = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const value = (row) => {
    // A cell that spans several columns stands for none of them; the last ones come after it.
    const last = table.tHead.rows[0].cells.length - column;
    const spans = row.cells.length < table.tHead.rows[0].cells.length;
    const cell = !spans || column === 0 ? row.cells[column] : last <= 2 ? row.cells[row.cells.length - last] : null;
    const text = cell ? cell.textContent : "";
    return numbers ? numberIn(text) : text;
  };
  const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
  rows.sort(([a], [b]) => turn * (numbers ? (a === b ? 0 : a - b) : inOrder(a, b)));
  const sorted = document.createDocumentFragment();
  for (const [, row] of rows) sorted.append(row);
  table.tBodies[0].append(sorted);
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
}
for (const table of document.querySelectorAll(".sortable")) {
  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, heading));
    heading.append(button);
  }
}
const field = document.getElementById("find");
const rows = [...document.getElementById("all").tBodies[0].rows];
const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
field.addEventListener("input", () => {
  const wanted = field.value.trim().toLowerCase();
  let shown = 0;
  rows.forEach((row, place) => {
    const fits = names[place].includes(wanted);
    row.hidden = !fits;
    shown += fits;
  });
  document.getElementById("found").textContent = wanted ? `${shown} of ${rows.length}` : "";
});
