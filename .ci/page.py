"""Drives headless Chromium over the page of a catalog, by chromedriver: page.py WORK [SCREENSHOTS].

WORK/page is the page of the example catalog.
"""

import json
import pathlib
import re
import sys
import time
import urllib.parse

from browser import DESKTOP, DOUBLE_IDS, NAMELESS, PALE, TOO_WIDE, VISIBLE, Browser, equal

PHONE = (360, 740)


def search(browser, index):
    browser.open(index)
    equal(browser.run(VISIBLE, "#events .name"), ["order.requested", "reading-taken"])
    equal(browser.run(VISIBLE, "#fields-section"), [])
    browser.press("/")
    browser.wait("return document.activeElement.id", "query")
    browser.press(*"postal")
    browser.wait("return document.getElementById('status').textContent", "0 events and 1 field found.")
    equal(browser.run(VISIBLE, "#fields a"), ["Address.postalCode"])
    equal(browser.run(VISIBLE, "#events-title"), [])
    # The link of this search, and of what it finds.
    link = browser.run("return location.href")
    assert link.endswith("#q=postal"), link
    browser.run("document.querySelector('#fields a').click()")
    browser.wait("return location.pathname.split('/').pop() + location.hash", "order.requested.html#v2:Address.postalCode")
    equal(browser.run("return document.querySelector(':target dt').textContent"), "postalCode")
    browser.open(link)
    equal(browser.run(VISIBLE, "#fields a"), ["Address.postalCode"])
    equal(browser.run("return document.getElementById('query').value"), "postal")
    browser.run("document.getElementById('query').focus()")
    browser.press("\ue00c")
    browser.wait("return document.getElementById('query').value", "")
    equal(browser.run(VISIBLE, "#events .name"), ["order.requested", "reading-taken"])
    # An event by its topic, in other letters; and nothing.
    browser.press(*"READINGS")
    browser.wait("return document.getElementById('status').textContent", "1 event and 0 fields found.")
    equal(browser.run(VISIBLE, "#events .name"), ["reading-taken"])
    browser.press(*" <b>")
    browser.wait("return document.getElementById('status').textContent", "0 events and 0 fields found.")


def links(browser, index):
    """Each link of each page leads to something that is there, and is seen there."""
    open_pages, seen = [index], set()
    while open_pages:
        page = open_pages.pop()
        if page in seen:
            continue
        seen.add(page)
        browser.open(page)
        equal(browser.run(DOUBLE_IDS), [])
        equal(browser.run(NAMELESS), [])
        equal(browser.run("return document.querySelectorAll('h1').length"), 1)
        for link in browser.run("return [...document.links].map((link) => link.href)"):
            target, _, fragment = link.partition("#")
            assert target.startswith("file:"), link
            assert pathlib.Path(urllib.parse.unquote(urllib.parse.urlsplit(target).path)).is_file(), link
            open_pages.append(target)
            if target == page and fragment:
                found = browser.run("return document.getElementById(arguments[0]) !== null", urllib.parse.unquote(fragment))
                assert found, link
    event = urllib.parse.urljoin(index, "events/order.requested.html")
    equal(len(seen), 3)
    for fragment in ["v2", "v1", "v1.sku", "v2.email", "v2:OrderLine.unitPrice", "v2~changes"]:
        browser.open(f"{event}#{fragment}")
        equal(browser.run("return document.querySelector(':target').id"), fragment)
        top = "return Math.round(document.querySelector(':target').getBoundingClientRect().top)"
        browser.wait(f"const at = (() => {{ {top} }})(); return at >= 0 && at < innerHeight")


def content(browser, event):
    browser.open(event)
    text = browser.run("return document.body.innerText")
    for part in ["order-request", "Sent by", "1 to 100 items", "also read as zip", "From version 1", "Unknown fields are refused"]:
        assert part in text, f"{part} is missing"
    assert "ada@example.org" not in text, "the example of a sensitive field"
    equal(browser.run("return document.querySelector('[id=\"v2.email\"] .badge.warn').textContent"), "sensitive")


def layout(browser, pages):
    browser.size(PHONE)
    for page in pages:
        browser.open(page)
        equal(browser.run(TOO_WIDE), [])
    browser.size(DESKTOP)


def colours(browser, pages):
    for scheme, is_dark in [("light", False), ("dark", True)]:
        browser.scheme(scheme)
        for page in pages:
            browser.open(page)
            equal(browser.run("return matchMedia('(prefers-color-scheme: dark)').matches"), is_dark)
            back = browser.run("return getComputedStyle(document.body).backgroundColor")
            equal(sum(map(int, re.findall(r"\d+", back)[:3])) < 200, is_dark)
            equal(browser.run(PALE), [])
    browser.scheme("light")


def without_scripts(browser, index, event):
    browser.scripts(False)
    browser.open(index)
    # The driver's own scripts do not run either: the document is asked for by other means.
    for page, part in [(index, "order.requested"), (event, "postalCode")]:
        browser.open(page)
        nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
        names = [node.get("name", {}).get("value", "") for node in nodes]
        assert part in names, f"{part} is missing without scripts"
        assert not any(node.get("role", {}).get("value") == "searchbox" for node in nodes), "a search that does nothing"
    browser.scripts(True)


def screenshots(browser, folder, index, event):
    folder.mkdir(parents=True, exist_ok=True)
    views = [("desktop", DESKTOP, "light"), ("phone", PHONE, "light"), ("dark", DESKTOP, "dark"), ("phone-dark", PHONE, "dark")]
    for name, size, scheme in views:
        browser.size(size)
        browser.scheme(scheme)
        for page, address in [("index", index), ("event", event), ("search", index + "#q=order")]:
            browser.open(address)
            height = browser.run("return document.documentElement.scrollHeight")
            browser.size((size[0], height))
            browser.screenshot(folder / f"{page}-{name}.png")
            browser.size(size)


def quiet(browser):
    """Nothing was complained of, and nothing asked for but the files of the page."""
    complaints = [entry for entry in browser.log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    equal(complaints, [])
    asked = set()
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        # The browser's own first tab is none of the page's.
        if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"].startswith("file:"):
            asked.add(message["params"]["request"]["url"])
    assert any(address.endswith("style.css") for address in asked), "the log of requests is empty"
    others = [address for address in asked if not address.startswith("file:")]
    equal(others, [])


def main():
    work = pathlib.Path(sys.argv[1]).resolve()
    index = (work / "page" / "index.html").as_uri()
    event = urllib.parse.urljoin(index, "events/order.requested.html")
    pages = [index, event, urllib.parse.urljoin(index, "events/reading-taken.html"), index + "#q=order"]
    started = time.monotonic()
    browser = Browser(work)
    try:
        browser.size(DESKTOP)
        browser.scheme("light")
        search(browser, index)
        links(browser, index)
        content(browser, event)
        layout(browser, pages)
        colours(browser, pages)
        without_scripts(browser, index, event)
        if len(sys.argv) > 2:
            screenshots(browser, pathlib.Path(sys.argv[2]), index, event)
        quiet(browser)
    finally:
        browser.close()
    print(f"the page works in Chromium ({time.monotonic() - started:.1f} s)")


main()
