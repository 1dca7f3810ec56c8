"""Uses the page of the example gateway in headless Chromium: gateway.py WORK PROGRAM [SCREENSHOTS]."""

import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

from browser import DESKTOP, DOUBLE_IDS, NAMELESS, PALE, TOO_WIDE, VISIBLE, Browser, equal

PHONE = (390, 844)
# A finger needs 44 pixels.
SMALL = """
    return [...document.querySelectorAll("input, button")].filter((element) => element.checkVisibility()
        && element.getBoundingClientRect().height < 44).map((element) => element.outerHTML);
"""
FAULTS = """
    return Object.fromEntries([...document.querySelectorAll("[aria-invalid]")].map((input) =>
        [input.name, document.getElementById(input.getAttribute("aria-describedby")).textContent]));
"""


class Program:
    """The gateway in a process, with the lines of its output up to the first that has an address."""

    started = []

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
        self.started.append(self.process)
        self.brokers = self.address = None
        while self.address is None:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the gateway does not start")
            self.brokers = self.brokers or (found := re.search(r"--brokers (\S+)", line)) and found[1]
            self.address = (found := re.search(r"http://([\d.:]+)", line)) and found[1]

    def end(self):
        self.process.terminate()
        equal(self.process.wait(timeout=30), 0)


def write(browser, field, text):
    """As a person does: into the field, over what was there."""
    browser.run("const input = document.getElementById(arguments[0]); input.focus(); input.select();", field)
    browser.press(*(text or "\ue003"))


def submit(browser, form, **fields):
    for field, text in fields.items():
        write(browser, field, text)
    browser.run(f"document.querySelector('#{form} .answer').textContent = ''")
    browser.run(f"document.querySelector('#{form} button').click()")
    browser.wait(f"return document.querySelector('#{form} .answer').textContent !== ''")
    return browser.run(f"return document.querySelector('#{form} .answer').textContent")


def items(browser, section):
    return browser.run(f"return [...document.querySelectorAll('#{section} li')].map((item) => item.firstChild.textContent)")


def wait_for(browser, section, *wanted):
    quoted = json.dumps(list(wanted))
    browser.wait(f"""
        const items = [...document.querySelectorAll('#{section} li')].map((item) => item.firstChild.textContent);
        return JSON.stringify(items) === JSON.stringify({quoted}) || JSON.stringify(items);
    """)


def live(browser):
    browser.wait("return [...document.querySelectorAll('.state')].every((state) => state.textContent === 'live')")


def events(browser, address):
    answer = submit(browser, "event", user="ada", action="look", quantity="2")
    assert answer.startswith("Published: event_topic/"), answer
    wait_for(browser, "events", "user: ada, action: look, quantity: 2")

    # Each violation is at its field, and the first such field has the focus.
    equal(submit(browser, "event", user="", action="buy", quantity="many"), "Not published.")
    equal(browser.run(FAULTS), {"user": "Length must be between 1 and 40.", "quantity": "Not a valid integer."})
    equal(browser.run("return document.activeElement.id"), "user")
    equal(submit(browser, "event", user="<b>bob</b>", quantity="0"), "Not published.")
    equal(browser.run(FAULTS), {"quantity": "Must be greater than or equal to 1 and less than or equal to 1000."})
    submit(browser, "event", quantity="")
    equal(browser.run(FAULTS), {})
    # Markup is text.
    wait_for(browser, "events", "user: <b>bob</b>, action: buy", "user: ada, action: look, quantity: 2")

    # An event of somebody else is there without a click.
    body = json.dumps({"user": "eve", "action": "pass"}).encode()
    request = urllib.request.Request(f"http://{address}/events", body, {"Content-Type": "application/json"})
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).close()
    wait_for(browser, "events", "user: eve, action: pass", "user: <b>bob</b>, action: buy", "user: ada, action: look, quantity: 2")


def users(browser):
    equal(submit(browser, "registration", userId="u-1", name="Ada", email="nowhere"), "Not published.")
    equal(browser.run(FAULTS), {"email": "Not a valid email address."})
    equal(items(browser, "orders"), [])
    submit(browser, "registration", email="ada@example.org")
    browser.wait("return document.querySelectorAll('#orders li').length", 1)
    assert items(browser, "orders")[0].endswith("userId: u-1, product: welcome pack"), items(browser, "orders")


def looks(browser, folder):
    """At both widths, in both schemes, with faults shown."""
    submit(browser, "event", user="x" * 45, action="a" * 60, quantity="much")
    for width, size in [("desktop", DESKTOP), ("phone", PHONE)]:
        for scheme in ["light", "dark"]:
            browser.size(size)
            browser.scheme(scheme)
            equal(browser.run(TOO_WIDE), [])
            equal(browser.run(PALE), [])
            equal(browser.run(SMALL), [])
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                browser.size((size[0], browser.run("return document.documentElement.scrollHeight")))
                browser.screenshot(folder / f"gateway-{width}-{scheme}.png")
    browser.size(DESKTOP)
    browser.scheme("light")
    equal(browser.run(DOUBLE_IDS), [])
    equal(browser.run(NAMELESS), [])
    write(browser, "user", "ada")
    submit(browser, "event", quantity="")
    browser.wait("return document.querySelectorAll('#events li').length", 4)


def restart(browser, program, arguments, gateway):
    """The streams go on by themselves, and what was sent meanwhile is published once."""
    before = items(browser, "events")
    gateway.end()
    browser.wait("return document.querySelector('#events .state').textContent.includes('lost')")
    answer = submit(browser, "event", user="late", action="wait", quantity="")
    assert answer.startswith("The service cannot be reached."), answer
    gateway = Program(program, *arguments, "--listen", gateway.address)
    live(browser)
    browser.wait("return document.querySelector('#events .gone')?.textContent", "The service has started again.")
    # It has read the topic again.
    wait_for(browser, "events", *before, "The service has started again.")
    submit(browser, "event")
    wait_for(browser, "events", "user: late, action: wait", *before, "The service has started again.")
    return gateway


def complaints(browser, *expected):
    """What the console has, but for answers that were expected."""
    found = [entry["message"] for entry in browser.log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    equal([message for message in found if not any(part in message for part in expected)], [])
    return len(found)


def asked(browser, address):
    """Nothing was asked for but of the gateway."""
    requests = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    urls = {request["params"]["request"]["url"] for request in requests if request["method"] == "Network.requestWillBeSent"}
    ours = f"http://{address}/"
    assert ours + "events?limit=50" in urls, "the log of requests is empty"
    others = [url for url in urls if not url.startswith((ours, "data:", "about:", "chrome:"))]
    equal(others, [])


def main():
    work, program = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    folder = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    started = time.monotonic()
    browser = Browser(work)
    try:
        # The broker is that of a process of its own, which stays.
        others = Program(program, "--role", "users", "--listen", "127.0.0.1:0")
        arguments = ["--brokers", others.brokers]
        gateway = Program(program, *arguments, "--listen", "127.0.0.1:0")
        browser.size(DESKTOP)
        browser.scheme("light")
        browser.open(f"http://{gateway.address}/")
        live(browser)
        events(browser, gateway.address)
        users(browser)
        looks(browser, folder)
        # The browser itself writes a line for each answer with 422.
        equal(complaints(browser, "status of 422"), 4)
        gateway = restart(browser, program, arguments, gateway)
        complaints(browser, "net::ERR_")
        asked(browser, gateway.address)
        # A gateway alone has no forms of other services.
        alone = Program(program, *arguments, "--role", "gateway", "--listen", "127.0.0.1:0")
        browser.open(f"http://{alone.address}/")
        live_alone = "return document.querySelector('#events .state').textContent"
        browser.wait(live_alone, "live")
        equal(browser.run(VISIBLE, "h2"), ["Publish an event", "Events received"])
        equal(complaints(browser), 0)
        alone.end()
        gateway.end()
        others.end()
    finally:
        browser.close()
        for process in Program.started:
            process.kill()
            process.wait()
    print(f"the page of the gateway works in Chromium ({time.monotonic() - started:.1f} s)")


main()
