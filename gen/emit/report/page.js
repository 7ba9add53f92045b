// SPDX-License-Identifier: Apache-2.0
// The search; everything else works without it. A row matches when it holds all words, or, for a
// word that is a hexadecimal number, when a range of its addresses holds that address.
"use strict";
(() => {
  const form = document.getElementById("search");
  const query = document.getElementById("query");
  const found = document.getElementById("found");
  const items = (selector) => [...document.querySelectorAll(selector)];
  const number = (text) => {
    const digits = text.replaceAll("_", "");
    return /^0x[0-9a-f]+$/.test(digits) ? BigInt(digits) : null;
  };
  const entry = (element) => ({
    element,
    text: element.textContent.toLowerCase(),
    ranges: (element.dataset.ranges || "").split(" ").filter(Boolean)
      .map((range) => range.split("-").map(BigInt)),
  });
  const rows = items("tbody tr").map(entry);
  const blocks = items(".picture .block").map(entry);
  const details = items("details");
  const opened = new Map();

  const matches = (words) => ({ text, ranges }) => words.every((word) => {
    const address = number(word);
    return text.includes(word) || (address !== null &&
      ranges.some(([first, last]) => first <= address && address <= last));
  });

  function narrow() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = matches(words);
    const searching = words.length > 0;
    let count = 0;
    for (const row of rows) {
      row.element.hidden = searching && !wanted(row);
      count += row.element.hidden ? 0 : 1;
    }
    for (const block of blocks) {
      block.element.classList.toggle("match", searching && wanted(block));
    }
    for (const table of items("table")) {
      table.parentElement.hidden = searching && !table.querySelector("tbody tr:not([hidden])");
    }
    for (const part of details) {
      if (searching && !opened.has(part)) {
        opened.set(part, part.open);
      }
      const holds = part.querySelector("tbody tr:not([hidden])") !== null;
      part.hidden = searching && !holds;
      part.open = searching ? holds : opened.get(part) ?? part.open;
    }
    for (const vm of items(".vm")) {
      vm.hidden = searching && !vm.querySelector("tbody tr:not([hidden])");
    }
    if (!searching) {
      opened.clear();
    }
    document.body.classList.toggle("searching", searching);
    found.textContent = searching ? `${count} ${count === 1 ? "row" : "rows"}` : "";
  }

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") {
        part.open = true;
      }
    }
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", narrow);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== query) {
      event.preventDefault();
      query.focus();
    } else if (event.key === "Escape" && document.activeElement === query) {
      query.value = "";
      narrow();
    }
  });
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => {
    for (const part of details) {
      part.open = true;
    }
  });
  reveal();
})();
