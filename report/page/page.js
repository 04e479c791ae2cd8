
"use strict";
(() => {
  const form = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const list = document.getElementById("list");
  const rows = Array.from(document.querySelectorAll("#list > .verdict"), (element) => ({ element, ...element.dataset, text: null }));

  // The text of a row is read only when the filter has text: most of it is logs.
  const text = (row) => (row.text ??= row.element.textContent.toLowerCase());

  const wanted = () => {
    const data = new FormData(form);
    return {
      loader: data.get("loader"), kernel: data.get("kernel"), suite: data.get("suite"), profile: data.get("profile"),
      kinds: new Set(data.getAll("kind")), words: data.get("text").toLowerCase().split(/\s+/).filter(Boolean),
    };
  };

  const matches = (row, want) =>
    (!want.loader || row.loader === want.loader) &&
    (!want.kernel || row.kernel === want.kernel) &&
    (!want.suite || row.suite === want.suite) &&
    (!want.profile || row.profile.split(" ").includes(want.profile)) &&
    (want.kinds.size === 0 || want.kinds.has(row.kind)) &&
    want.words.every((word) => text(row).includes(word));

  const apply = () => {
    const want = wanted();
    let n = 0;
    for (const row of rows) {
      const match = matches(row, want);
      row.element.hidden = !match;
      n += match;
    }
    shown.textContent = `${n} of ${rows.length} verdicts`;
    none.hidden = n > 0;
    list.hidden = n === 0;
    remember();
  };

  // The filter is kept in the address, so that a reader can send what they see to another.
  const remember = () => {
    const params = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value) params.append(name, value);
    }
    const hash = params.toString();
    try {
      history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
    } catch {
      // A page without an address of its own, such as one in a mail, cannot keep it.
    }
  };

  const recall = () => {
    const params = new URLSearchParams(location.hash.slice(1));
    for (const name of ["loader", "kernel", "suite", "profile", "text"]) {
      form.elements[name].value = params.get(name) ?? "";
    }
    for (const box of form.querySelectorAll("[name=kind]")) {
      box.checked = params.getAll("kind").includes(box.value);
    }
  };

  const show = ({ loader = "", kernel = "", suite = "", profile = "" }) => {
    form.reset();
    form.elements.loader.value = loader;
    form.elements.kernel.value = kernel;
    form.elements.suite.value = suite;
    form.elements.profile.value = profile;
    apply();
    document.getElementById("verdicts").scrollIntoView();
    form.elements.loader.focus({ preventScroll: true });
  };

  const copy = async (button) => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      // Not allowed here: select it, which is one key less than nothing.
      getSelection().selectAllChildren(code);
      button.textContent = "press Ctrl-C";
    }
    setTimeout(() => { button.textContent = "copy"; }, 2000);
  };

  document.addEventListener("click", (event) => {
    const cell = event.target.closest("#matrix button, #features button");
    if (cell) show(cell.dataset);
    const button = event.target.closest(".copy");
    if (button) copy(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select")) {
      event.preventDefault();
      form.elements.text.focus();
    }
  });
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  addEventListener("hashchange", () => { recall(); apply(); });

  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  form.hidden = false;
  recall();
  apply();
  document.documentElement.dataset.ready = "yes";
})();
