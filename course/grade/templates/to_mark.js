"use strict";
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\n\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}
// A mark is of the answer that was read: where nothing was typed since, of the one it had been of.
for (const box of document.querySelectorAll("[data-question]")) {
  box.addEventListener("input", () => { box.dataset.marked = box.dataset.answer; });
}
document.getElementById("save").addEventListener("click", () => {
  const lines = ["student,question,points,max_points,comment,answer_id"];
  for (const box of document.querySelectorAll("[data-question]")) {
    const { student, question, max, marked } = box.dataset;
    const points = box.querySelector(".points").value;
    const comment = box.querySelector(".comment").value;
    lines.push([student, question, points, max, comment, marked].map(cell).join(","));
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
  link.download = "to_mark.csv";
  link.click();
});
