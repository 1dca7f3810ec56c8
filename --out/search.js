"use strict";
// The search of the index. `fieldsOfEvents` is in `fields.js`. A search has a link of its own: `index.html#q=words`.
{
  const MOST = 50;
  const query = document.getElementById("query");
  const status = document.getElementById("status");
  const cards = [...document.querySelectorAll("#events > li")].map((item) => ({ item, text: fold(item.textContent) }));
  const eventsTitle = document.getElementById("events-title");
  const section = document.getElementById("fields-section");
  const results = document.getElementById("fields");
  const fields = fieldsOfEvents.map(([event, version, path, place, text]) => ({
    event, version, path, place, text, all: fold(`${event} v${version} ${path} ${text}`), own: fold(`${path} ${text}`),
  }));

  function fold(text) {
    return text.toLowerCase();
  }

  function count(number, noun) {
    return `${number} ${noun}${number === 1 ? "" : "s"}`;
  }

  // A field is a result if a word is its own: not all fields of an event are, whose name matches.
  function matchesOf(words) {
    return fields.filter((field) =>
      words.every((word) => field.all.includes(word)) && words.some((word) => field.own.includes(word)));
  }

  function resultOf(field) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = field.place;
    const name = document.createElement("code");
    name.textContent = field.path;
    link.append(name);
    const event = document.createElement("span");
    event.className = "label";
    event.textContent = `${field.event} v${field.version}`;
    item.append(link, " ", event);
    if (field.text) {
      const text = document.createElement("p");
      text.textContent = field.text;
      item.append(text);
    }
    return item;
  }

  function search() {
    const words = fold(query.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      card.item.hidden = !words.every((word) => card.text.includes(word));
      shown += card.item.hidden ? 0 : 1;
    }
    const found = words.length ? matchesOf(words) : [];
    results.replaceChildren(...found.slice(0, MOST).map(resultOf));
    section.hidden = found.length === 0;
    eventsTitle.parentElement.hidden = words.length > 0 && shown === 0;
    const more = found.length > MOST ? `, of which ${MOST} are shown` : "";
    status.textContent = words.length
      ? `${count(shown, "event")} and ${count(found.length, "field")} found${more}.`
      : "";
    const place = words.length ? `#q=${encodeURIComponent(query.value)}` : location.href.split("#")[0];
    history.replaceState(null, "", place);
  }

  function searchOfLink() {
    const link = location.hash.match(/^#q=(.*)$/);
    if (!link) return;
    try {
      query.value = decodeURIComponent(link[1]);
    } catch {
      query.value = link[1];
    }
    search();
  }

  document.getElementById("search").hidden = false;
  query.addEventListener("input", search);
  window.addEventListener("hashchange", searchOfLink);
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      query.focus();
      query.select();
    } else if (event.key === "Escape" && event.target === query) {
      query.value = "";
      search();
    }
  });
  searchOfLink();
}
