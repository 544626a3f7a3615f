"use strict";
const at = (id) => document.getElementById(id);

function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\n\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

// Points as course grade writes them: "1,50" is "1.5"; what is no number stays as it was typed.
function plain(text) {
  const typed = text.trim().replace(",", ".");
  return /^(\d{1,9}\.?\d*|\.\d+)$/.test(typed) ? String(Number(typed)) : typed;
}

function start({ page, questions, answers }) {
  // What stands in the fields for each answer, beside what the page came with.
  const now = answers.map(({ points, comment }) => ({ points, comment, typed: false, saved: false }));
  const prefix = `to_mark ${page} `;
  const keys = answers.map((a) => prefix + JSON.stringify([a.student, questions[a.question].number, a.id]));
  let here = 0;
  let kept = true; // whether this browser keeps drafts

  // --- drafts: what was typed stays in the browser until the page itself comes with it

  // Of answers that have been replaced since: by the student and the question, key and draft.
  const older = new Map();
  const whose = (place) => JSON.stringify([answers[place].student, questions[answers[place].question].number]);

  function forget(place) {
    if (!older.has(whose(place))) return;
    localStorage.removeItem(older.get(whose(place)).key);
    older.delete(whose(place));
  }

  function recallOlder() {
    const known = new Set(keys);
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(prefix) || known.has(key)) continue;
      const draft = JSON.parse(localStorage.getItem(key));
      if (draft.saved) localStorage.removeItem(key); // the file has it
      else older.set(JSON.stringify(JSON.parse(key.slice(prefix.length)).slice(0, 2)), { key, ...draft });
    }
    const here = new Set(answers.map((_, place) => whose(place)));
    const lost = [...older].filter(([who]) => !here.has(who)).map(([who, draft]) => `${JSON.parse(who).join(" ")}: ${words(draft)}`);
    if (lost.length) tell(`Typed here for answers that are not here any more: ${lost.join("; ")}.`);
  }

  const words = ({ points, comment }) => `${points || "no points"}${comment && `, “${comment}”`}`;

  const same = (place) => {
    const { points, comment } = answers[place];
    return plain(now[place].points) === points && now[place].comment === comment;
  };

  function keep(place) {
    const { points, comment, typed, saved } = now[place];
    const from = [answers[place].points, answers[place].comment];
    try {
      if (typed) localStorage.setItem(keys[place], JSON.stringify({ points, comment, saved, from }));
      else localStorage.removeItem(keys[place]);
    } catch {
      kept = false;
    }
  }

  function recall(place) {
    let draft = null;
    try {
      draft = JSON.parse(localStorage.getItem(keys[place]));
    } catch {
      kept = false;
    }
    const { points, comment, changed } = answers[place];
    now[place] = { points, comment, typed: false, saved: false };
    if (!draft) return;
    const newer = draft.from[0] !== points || draft.from[1] !== comment;
    Object.assign(now[place], { points: draft.points, comment: draft.comment, saved: draft.saved, typed: true });
    // Merged since, or saved and then changed in the file: the page is the newer one.
    if ((same(place) && !changed) || (draft.saved && newer)) {
      now[place] = { points, comment, typed: false, saved: false };
      keep(place);
    } else {
      now[place].newer = newer;
    }
  }

  // --- what is wrong, and how far one has come

  function wrong(place) {
    const { max } = questions[answers[place].question];
    const points = plain(now[place].points);
    if (points === "") return "";
    if (!/^[\d.]+(e\+\d+)?$/.test(points) || Number.isNaN(Number(points))) return "This is not a number of points.";
    return max && Number(points) > max ? `There are ${max} points at most.` : "";
  }

  const marked = (place) => now[place].points.trim() !== "" && !wrong(place) && !(answers[place].changed && !now[place].typed);
  const asked = (place) => at("which").value === "-1" || answers[place].question === Number(at("which").value);

  function count() {
    let all = 0;
    let done = 0;
    let waiting = 0;
    answers.forEach((_, place) => {
      waiting += now[place].typed && !now[place].saved;
      if (!asked(place)) return;
      all += 1;
      done += marked(place);
    });
    at("progress").textContent = `${done} of ${all} marked, ${waiting} not saved`;
    return waiting;
  }

  // --- showing one answer

  function show(place) {
    here = place;
    const { student, question, answer, changed, cut } = answers[place];
    const { number, max } = questions[question];
    const current = at("current");
    Object.assign(current.dataset, { student, question: number });
    at("heading").textContent = `${number} · ${student}`;
    for (const kind of [".asks", ".model"]) {
      document.querySelectorAll(kind).forEach((box, which) => { box.hidden = which !== question; });
    }
    at("answer").textContent = answer;
    at("answer").scrollTop = 0;
    at("cut").textContent = cut;
    at("changed").hidden = !changed;
    at("changed").firstElementChild.textContent = changed;
    at("most").textContent = max ? `of ${max}` : "";
    at("points").value = now[place].points;
    at("comment").value = now[place].comment;
    say();
    at("points").focus();
    at("points").select();
  }

  function say() {
    const { points, comment } = answers[here];
    const problem = wrong(here);
    at("wrong").textContent = problem;
    at("points").setAttribute("aria-invalid", String(problem !== ""));
    at("holds").checked = now[here].typed;
    at("conflict").hidden = !now[here].newer;
    at("conflict").firstElementChild.textContent =
      `to_mark.csv has changed since you typed this: it says ${words({ points, comment })}.`;
    const before = older.get(whose(here));
    at("older").hidden = !before;
    at("older").firstElementChild.textContent = before ? `For an earlier answer you typed ${words(before)}.` : "";
    if (!kept) tell("This browser keeps no drafts: save before you close the page.");
    count();
  }

  const tell = (text) => { at("state").textContent = text; };

  // --- going from one to another

  function go(step, fits) {
    for (let away = 1; away <= answers.length; away += 1) {
      const place = (here + step * away + answers.length * away) % answers.length;
      if (asked(place) && fits(place)) return show(place);
    }
    return false;
  }
  const any = () => true;
  function goOn() {
    if (wrong(here)) {
      say();
      at("points").focus();
    } else if (go(1, (place) => place !== here && !marked(place)) === false) {
      tell("No other answer is without a mark. “Save marks” (Ctrl+S) downloads to_mark.csv.");
    }
  }

  function typed() {
    now[here] = { points: at("points").value, comment: at("comment").value, typed: true, saved: false };
    // A changed answer may well get the mark that it had; for others that is nothing new.
    if (same(here) && !answers[here].changed) now[here].typed = false;
    keep(here);
    say();
  }

  function save() {
    const bad = answers.findIndex((_, place) => wrong(place));
    if (bad >= 0) {
      at("which").value = "-1";
      show(bad);
      tell("Not saved: this mark cannot be right.");
      return;
    }
    const lines = ["student,question,points,max_points,comment,answer_id"];
    answers.forEach(({ student, question, id, marked: of }, place) => {
      const { points, comment, typed: mine } = now[place];
      const { number, max } = questions[question];
      // A mark is of the answer that was read; where nothing was typed, of the one it had been of.
      lines.push([student, number, plain(points), String(max), comment, mine ? id : of].map(cell).join(","));
    });
    const saved = count();
    const text = lines.join("\n") + "\n";
    const link = document.createElement("a");
    // A spreadsheet takes it for UTF-8 only if it begins so.
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    link.download = "to_mark.csv";
    link.click();
    now.forEach((each, place) => {
      if (!each.typed) return;
      each.saved = true;
      keep(place);
      forget(place);
    });
    count();
    tell(`Saved ${saved} new marks with all others: put to_mark.csv in place of the one beside this page, and run course grade again.`);
  }

  at("points").addEventListener("input", typed);
  at("comment").addEventListener("input", typed);
  at("holds").addEventListener("change", () => {
    now[here].typed = at("holds").checked || !same(here);
    now[here].saved = false;
    keep(here);
    say();
  });
  at("theirs").addEventListener("click", () => {
    const { points, comment } = answers[here];
    now[here] = { points, comment, typed: false, saved: false };
    keep(here);
    show(here);
  });
  at("again").addEventListener("click", () => {
    const { points, comment } = older.get(whose(here));
    now[here] = { points, comment, typed: true, saved: false };
    keep(here);
    forget(here);
    show(here);
  });
  at("points").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const box = at("answer");
    const moves = {
      Enter: goOn,
      ArrowDown: () => go(1, any),
      ArrowUp: () => go(-1, any),
      PageDown: () => { box.scrollTop += 0.9 * box.clientHeight; },
      PageUp: () => { box.scrollTop -= 0.9 * box.clientHeight; },
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    if (event.key === "Enter") goOn();
    else if (event.key === "s") save();
    else return;
    event.preventDefault();
  });
  at("next").addEventListener("click", () => go(1, any));
  at("previous").addEventListener("click", () => go(-1, any));
  at("unmarked").addEventListener("click", goOn);
  at("save").addEventListener("click", save);
  at("which").addEventListener("change", () => {
    here = answers.length - 1;
    if (go(1, (place) => !marked(place)) === false) go(1, any);
  });
  at("find").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const wanted = at("find").value.trim().toLowerCase();
    const found = go(1, (place) => answers[place].student.toLowerCase().includes(wanted));
    if (found === false) tell(`No student here is called “${wanted}”.`);
  });
  // The same page in another tab.
  window.addEventListener("storage", (event) => {
    const place = keys.indexOf(event.key);
    if (place < 0) return;
    recall(place);
    if (place === here) show(here);
    else count();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!kept && count()) event.preventDefault();
  });

  answers.forEach((_, place) => recall(place));
  try {
    recallOlder();
  } catch {
    kept = false;
  }
  here = answers.length - 1;
  if (go(1, (place) => !marked(place)) === false) show(0);
}

if (at("data")) start(JSON.parse(at("data").textContent));
