"""Drives headless Chromium over the page of a catalog, by chromedriver: page.py WORK [SCREENSHOTS].

WORK/page is the page of the example catalog. The standard library is enough: WebDriver is JSON over HTTP.
"""

import base64
import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

CHROMIUM = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]
PHONE, DESKTOP = (360, 740), (1280, 900)


class Browser:
    def __init__(self, work: pathlib.Path):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        port = None
        while port is None:
            line = self.driver.stdout.readline()
            if not line:
                raise SystemExit("chromedriver does not start")
            found = re.search(r"started successfully on port (\d+)", line)
            port = found and found[1]
        self.base = f"http://127.0.0.1:{port}/session"
        profile = work / "profile"
        profile.mkdir()
        options = {"args": [*CHROMIUM, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        session = self.call("", {"capabilities": {"alwaysMatch": wanted}})
        self.base += "/" + session["sessionId"]

    def call(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            return json.load(response)["value"]

    def close(self):
        try:
            self.call("", method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait()

    def devtools(self, command, **parameters):
        return self.call("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, address):
        # A change of the fragment alone loads nothing.
        self.call("/url", {"url": "about:blank"})
        self.call("/url", {"url": address})

    def run(self, script, *arguments):
        return self.call("/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, wanted=True):
        for _ in range(200):
            value = self.run(script)
            if value == wanted:
                return
            time.sleep(0.05)
        raise AssertionError(f"{script}: {value!r} and not {wanted!r}")

    def press(self, *keys):
        """Keys to the element that has the focus."""
        presses = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("/actions", {"actions": [{"type": "key", "id": "keys", "actions": presses}]})

    def size(self, size):
        width, height = size
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                      mobile=width < 600)

    def scheme(self, name):
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def scripts(self, on):
        self.devtools("Emulation.setScriptExecutionDisabled", value=not on)

    def screenshot(self, path):
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def log(self, kind):
        return self.call("/se/log", {"type": kind})


VISIBLE = """
    const shown = (element) => element.checkVisibility();
    return [...document.querySelectorAll(arguments[0])].filter(shown).map((element) => element.textContent);
"""
# What is wider than the window, apart from code that scrolls within itself.
TOO_WIDE = """
    const width = document.documentElement.clientWidth;
    const inCode = (element) => element.closest("pre") !== null;
    const wide = [...document.querySelectorAll("body *")].filter((element) => !inCode(element)
        && !element.matches(".skip") && element.getBoundingClientRect().right > width + 0.5);
    const all = document.scrollingElement.scrollWidth > width ? [document.scrollingElement] : [];
    return [...all, ...wide].map((element) => element.outerHTML.slice(0, 100));
"""
# The text whose contrast with what is behind it is under 4.5 (WCAG AA).
PALE = """
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = rgb(getComputedStyle(at).backgroundColor);
            if (color[3] === 255) return color;
        }
        throw new Error("nothing is behind " + element.outerHTML);
    };
    const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    return [...document.querySelectorAll("body *")].filter((element) => own(element) && element.checkVisibility()).map((element) => {
        const [one, two] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
        return [(Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05), element.outerHTML.slice(0, 100)];
    }).filter(([contrast]) => contrast < 4.5);
"""
NAMELESS = """
    const name = (element) => element.getAttribute("aria-label") || element.textContent.trim()
        || (element.labels && [...element.labels].map((label) => label.textContent).join(" "));
    return [...document.querySelectorAll("a, input, button, [role=region]")].filter((element) => !name(element))
        .map((element) => element.outerHTML);
"""
DOUBLE_IDS = """
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
"""


def equal(found, wanted):
    assert found == wanted, f"{found!r} and not {wanted!r}"


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
