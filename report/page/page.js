
"use strict";
(() => {
  const form = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const trouble = document.getElementById("trouble");
  const chunk = 100; // rows that are drawn at once
  const fields = ["loader", "kernel", "suite", "profile", "text"];

  // The verdicts, as package report packs them (block.go): every text is in it once.
  let data = null;
  let found = []; // the rows that the filter lets through, by their index
  let drawn = 0;  // how many of these are in the document
  const opened = new Map(); // the elements of rows that were opened, which stay so

  const unpack = async () => {
    const packed = atob(document.getElementById("block").textContent);
    const bytes = Uint8Array.from(packed, (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  // What a guest said comes into the document here, and only as text.
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  const pre = (className, lines) => {
    const element = make("pre", className, lines.join("\n"));
    element.tabIndex = 0;
    return element;
  };

  // Who speaks in a line of a conversation, which may begin with the number of the conversation.
  const voices = { ">": "asks", "<": "answers", "!": "fault", "|": "stderr" };
  const voice = (line) => voices[/^\d*([><!|]) /.exec(line)?.[1]] ?? "aside";

  const conversation = (lines) => {
    const element = pre("conversation", []);
    element.append(...lines.map((line) => make("span", voice(line), line + "\n")));
    return element;
  };

  const source = (text, address) => {
    const p = make("p");
    const link = address.startsWith("https://") ? p.appendChild(make("a")) : p;
    link.textContent = text;
    if (link !== p) {
      link.href = address;
      link.rel = "noreferrer";
    }
    return p;
  };

  const again = (command) => {
    const button = make("button", "copy", "copy");
    button.type = "button";
    return [make("code", "", command), " ", button];
  };

  const order = ([text, ...after]) => {
    if (after.length === 0) return [text];
    const details = make("details");
    details.append(make("summary", "", "in this order"), pre("", after));
    return [text, details];
  };

  const pairs = (texts) => {
    const all = [];
    for (let i = 0; i < texts.length; i += 2) all.push(texts.slice(i, i + 2));
    return all;
  };

  // What a term of the list of facts says, by the form of the item.
  const facts = {
    field: (texts) => texts, expected: (texts) => texts, seen: (texts) => texts, order,
    sources: (texts) => pairs(texts).map((pair) => source(...pair)),
    paragraphs: (texts) => texts.map((text) => make("p", "", text)),
    again: (texts) => again(texts.join("")),
  };
  // What stands before the list of facts or after it.
  const before = {
    requirement: (label, [text, small]) => {
      const p = make("p", "requirement", text + " ");
      p.append(make("small", "", small));
      return [p];
    },
  };
  const after = {
    lines: (label, texts) => [make("h3", "", label), pre("", texts)],
    splat: (label, texts) => [make("h3", "", label), pre("splat", texts)],
    conversation: (label, texts) => [make("h3", "", label), conversation(texts)],
  };

  const body = (row) => {
    const element = make("div", "body");
    const dl = make("dl");
    const logs = [];
    for (const i of data.rows.items[row]) {
      const [kind, label, ...refs] = data.items[i];
      const texts = refs.map((ref) => data.texts[ref]);
      if (before[kind]) {
        element.append(...before[kind](label, texts));
      } else if (after[kind]) {
        logs.push(...after[kind](label, texts));
      } else {
        const dd = make("dd", kind);
        dd.append(...facts[kind](texts));
        dl.append(make("dt", "", label), dd);
      }
    }
    element.append(dl, ...logs);
    return element;
  };

  const line = (row) => {
    const { kind, loader, kernel, spec, reason, ms, items } = data.rows;
    const opens = items[row].length > 0;
    const element = make(opens ? "details" : "div", "verdict");
    const of = data.specs[spec[row]];
    Object.assign(element.dataset, {
      loader: data.loaders[loader[row]], kernel: data.kernels[kernel[row]], suite: data.suites[of.suite],
      kind: data.kinds[kind[row]],
    });
    const head = opens ? element.appendChild(make("summary")) : element;
    head.append(
      make("span", `pill ${element.dataset.kind}`, element.dataset.kind), " ",
      make("span", "where", `${element.dataset.loader} on ${element.dataset.kernel}`), " ",
      make("code", "spec", data.texts[of.name]), " ",
      make("span", "reason", data.texts[reason[row]]), " ",
      make("span", "ms", `${ms[row]} ms`),
    );
    // Details are made when a row is opened for the first time.
    if (opens) {
      element.addEventListener("toggle", () => {
        element.append(body(row));
        opened.set(row, element);
      }, { once: true });
    }
    return element;
  };

  // A reader who comes near the end of what is drawn gets more.
  const watch = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && !more.hidden) draw();
  }, { rootMargin: "600px" });

  const draw = () => {
    watch.unobserve(more);
    list.append(...found.slice(drawn, drawn + chunk).map((row) => opened.get(row) ?? line(row)));
    drawn = Math.min(found.length, drawn + chunk);
    more.hidden = drawn === found.length;
    more.textContent = `${found.length - drawn} more`;
    watch.observe(more); // it is told anew where the button is
  };

  const wanted = () => {
    const chosen = new FormData(form);
    return {
      loader: chosen.get("loader"), kernel: chosen.get("kernel"), suite: chosen.get("suite"), profile: chosen.get("profile"),
      kinds: new Set(chosen.getAll("kind")), words: chosen.get("text").toLowerCase().split(/\s+/).filter(Boolean),
    };
  };

  // Which texts, items and names have a word. Each text is looked at once, however many have it.
  let lower = null;
  const holding = (word) => {
    lower ??= data.texts.map((text) => text.toLowerCase());
    const has = (text) => text.toLowerCase().includes(word);
    const texts = lower.map((text) => text.includes(word));
    return {
      texts, items: data.items.map(([, , ...refs]) => refs.some((ref) => texts[ref])),
      loaders: data.loaders.map(has), kernels: data.kernels.map(has), kinds: data.kinds.map(has),
    };
  };

  const holds = (row, held) => {
    const { kind, loader, kernel, spec, reason, items } = data.rows;
    return held.texts[reason[row]] || held.texts[data.specs[spec[row]].name] || held.loaders[loader[row]] ||
      held.kernels[kernel[row]] || held.kinds[kind[row]] || items[row].some((item) => held.items[item]);
  };

  const search = (want) => {
    const { kind, loader, kernel, spec } = data.rows;
    const loaders = data.loaders.map((name) => !want.loader || name === want.loader);
    const kernels = data.kernels.map((name) => !want.kernel || name === want.kernel);
    const suites = data.suites.map((name) => !want.suite || name === want.suite);
    const profiles = data.profiles.map((names) => !want.profile || names.includes(want.profile));
    const specs = data.specs.map((of) => suites[of.suite] && profiles[of.profiles]);
    const kinds = data.kinds.map((name) => want.kinds.size === 0 || want.kinds.has(name));
    const held = want.words.map(holding);
    const rows = [];
    for (let row = 0; row < kind.length; row++) {
      if (loaders[loader[row]] && kernels[kernel[row]] && specs[spec[row]] && kinds[kind[row]] &&
        held.every((h) => holds(row, h))) rows.push(row);
    }
    return rows;
  };

  const apply = () => {
    const rows = search(wanted());
    if (drawn === 0 || rows.length !== found.length || rows.some((row, i) => row !== found[i])) {
      found = rows;
      drawn = 0;
      list.replaceChildren();
      draw();
    }
    shown.textContent = `${found.length} of ${data.rows.kind.length} verdicts`;
    none.hidden = found.length > 0;
    list.hidden = found.length === 0;
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
    for (const name of fields) {
      form.elements[name].value = params.get(name) ?? "";
    }
    for (const box of form.querySelectorAll("[name=kind]")) {
      box.checked = params.getAll("kind").includes(box.value);
    }
  };

  const show = (cell) => {
    form.reset();
    for (const name of ["loader", "kernel", "suite", "profile"]) form.elements[name].value = cell[name] ?? "";
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

  // Whether a key that is pressed in an element is text that is typed there.
  const typing = (element) => element.closest("input:not([type=checkbox]), textarea, [contenteditable]");

  const listen = () => {
    document.addEventListener("click", (event) => {
      const cell = event.target.closest("#matrix button, #features button");
      if (cell) show(cell.dataset);
      const button = event.target.closest(".copy");
      if (button) copy(button);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
        event.preventDefault();
        form.elements.text.focus();
      }
    });
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    more.addEventListener("click", draw);
    addEventListener("hashchange", () => {
      if (document.getElementById(location.hash.slice(1))) return; // a place on the page, and no filter
      recall();
      apply();
    });
  };

  unpack().then((unpacked) => {
    data = unpacked;
    form.hidden = false;
    recall();
    apply();
    listen();
    performance.mark("ready");
    document.documentElement.dataset.ready = "yes";
  }).catch((error) => {
    trouble.textContent = `The verdicts could not be shown (${error.message}). A browser with DecompressionStream shows them ` +
      "(Chromium 80, Firefox 113, Safari 16.4); they are in run.jsonl and summary.md beside this page too.";
    trouble.hidden = false;
  });
})();
