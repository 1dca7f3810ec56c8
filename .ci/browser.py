"""Headless Chromium by chromedriver, and what is asked of every page.

The standard library is enough: WebDriver is JSON over HTTP.
"""

import base64
import json
import pathlib
import re
import subprocess
import time
import urllib.request

CHROMIUM = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]
DESKTOP = (1280, 900)


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
