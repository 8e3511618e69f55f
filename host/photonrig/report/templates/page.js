// Search and filter: items are shown whose text holds the words and whose class is the chosen kind.
const items = [...document.querySelectorAll(".item")];
const search = document.querySelector("#search");
const kind = document.querySelector("#kind");
const groups = [...document.querySelectorAll(".group")];

function sift() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of items) {
    const text = (item.dataset.text ?? item.textContent).toLowerCase();
    const holds = words.every((word) => text.includes(word));
    const fits = !kind.value || item.matches(`.${kind.value}`) || item.querySelector(`.${kind.value}`) !== null;
    item.hidden = !(holds && fits);
    shown += item.hidden ? 0 : 1;
  }
  for (const group of groups) group.hidden = !group.querySelector(".item:not([hidden])");
  document.querySelector(".sift output").textContent = `${shown} of ${items.length}`;
}

// A link to a case opens what it has to show.
function open() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  target.hidden = false;
  for (const details of target.querySelectorAll("details")) details.open = true;
  if (target.tagName === "TD") tell(target);
  target.scrollIntoView({ block: "center" });
}

// A cell of a matrix tells its question, expectation and answer below the table.
function tell(cell) {
  const panel = document.querySelector("#cell");
  if (!panel || !cell.dataset.cell) return;
  panel.hidden = false;
  panel.querySelector("strong").textContent = cell.dataset.cell;
  panel.querySelector("pre").textContent = cell.title;
}

if (search) {
  document.documentElement.classList.add("script");
  search.addEventListener("input", sift);
  kind.addEventListener("change", sift);
  sift();
}
addEventListener("hashchange", open);
document.addEventListener("click", (event) => {
  const cell = event.target.closest("td[data-cell]");
  if (cell) history.replaceState(null, "", `#${cell.id}`), tell(cell);
  if (event.target.closest("#cell button")) document.querySelector("#cell").hidden = true;
});
open();
