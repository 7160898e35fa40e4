#!/usr/bin/env python3
"""Opens an analysis's page in headless Chromium: no request, no error on the console; it sorts, searches, opens and prints.

usage: page.py PAGE.html [SCREENSHOTS]   (a directory for pictures)
"""
import base64, json, os, subprocess, sys, tempfile, time


class Browser:
    """Chromium over its debugging pipe: JSON, each ended by NUL, on the descriptors 3 and 4."""

    def __init__(self, profile):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()

        def prepare():
            a, b = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--disable-dev-shm-usage",
             "--user-data-dir=" + profile, "--window-size=1280,900", "--no-first-run", "--disable-background-networking"],
            preexec_fn=prepare, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.input, self.output = os.fdopen(ours_in, "rb", 0), ours_out
        self.buffer, self.number, self.events, self.session = b"", 0, [], None

    def read(self):
        while b"\0" not in self.buffer:
            piece = self.input.read(1 << 16)
            if not piece:
                raise SystemExit("page: chromium ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit("page: %s: %s" % (method, answer["error"]))
                return answer["result"]
            self.events.append(answer)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise SystemExit("page: %s: %s" % (expression[:80], json.dumps(result["exceptionDetails"])[:500]))
        return result["result"].get("value")

    def key(self, key, code=None):
        for kind in ("keyDown", "keyUp"):
            extra = {"text": key} if len(key) == 1 and kind == "keyDown" else {}
            if key == "Enter" and kind == "keyDown":
                extra = {"text": "\r"}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code or (ord(key.upper()) if len(key) == 1 else 0), **extra)


def expect(what, condition, seen=None):
    if not condition:
        raise SystemExit("page: %s%s" % (what, "" if seen is None else ": " + repr(seen)))


def main():
    page, pictures = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                browser.call(domain + ".enable")
            browser.call("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)
            browser.call("Page.navigate", url="file://" + page)
            for _ in range(200):
                if browser.evaluate("document.readyState") == "complete":
                    break
                time.sleep(0.05)
            drive(browser, pictures)
            requests = [event["params"]["request"]["url"] for event in browser.events if event.get("method") == "Network.requestWillBeSent"]
            expect("it asks for more than itself", [url for url in requests if not url.startswith(("file://" + page, "data:"))] == [], requests)
            errors = [event for event in browser.events if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")]
            expect("something on the console", errors == [], errors)
        finally:
            browser.process.terminate()
            browser.process.wait()
    print("page: loads, sorts, searches, opens, prints; no request, nothing on the console")


def picture(browser, pictures, name, whole=True):
    if pictures:
        shot = browser.call("Page.captureScreenshot", captureBeyondViewport=whole)
        with open(os.path.join(pictures, name), "wb") as file:
            file.write(base64.b64decode(shot["data"]))


def drive(browser, pictures):
    js = browser.evaluate
    data = js("({layers: report.layers.length, items: report.reclaimable.items.length, files: entries.length})")
    expect("no figures", js("document.querySelectorAll('.figure').length") == 6)
    expect("rows of layers", js("document.querySelectorAll('#layers tbody tr').length") == data["layers"])
    picture(browser, pictures, "light.png")
    js("document.documentElement.dataset.theme = 'dark'")
    picture(browser, pictures, "dark.png")
    js("delete document.documentElement.dataset.theme")

    # Sorting, by the head as a button: the largest first, then the smallest.
    column = "[...document.querySelectorAll('#layers tbody tr')].map(row => row.cells[0].textContent)"
    js("document.querySelectorAll('#layers th button')[2].click()")
    expect("sorted by size", js(column) == [str(i + 1) for i in js("report.layers.map((l, i) => [l.fileBytes, i]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).map(x => x[1])")], js(column))
    expect("says how it is sorted", js("document.querySelectorAll('#layers th')[2].getAttribute('aria-sort')") == "descending")
    js("document.querySelectorAll('#layers th button')[0].click()")
    js("document.querySelectorAll('#layers th button')[0].click()")

    if data["files"] == 0:
        return
    # Searching by key.
    browser.key("/", 191)
    expect("/ does not lead to the search", js("document.activeElement.id") == "search")
    word = js("path(entries[entries.length - 1].index).split('/').pop().slice(0, 5).toLowerCase()")
    browser.call("Input.insertText", text=word)
    time.sleep(0.4)
    found = js("[...document.querySelectorAll('#files tbody tr')].map(row => row.cells[3].textContent.toLowerCase())")
    expect("search finds nothing", len(found) > 0)
    expect("search finds others", all(word in name for name in found), found)
    browser.key("Escape", 27)
    expect("Escape does not clear the search", js("document.getElementById('search').value") == "")

    # The map opens a layer and goes up again, by keys.
    if js("document.querySelector('#map button') !== null"):
        before = js("document.getElementById('crumbs').textContent")
        js("document.querySelector('#map button').focus()")
        browser.key("Enter", 13)
        expect("the map does not open a layer", js("mapLayer") >= 0)
        expect("no way back", "all layers /" in js("document.getElementById('crumbs').textContent"))
        picture(browser, pictures, "map.png", whole=False)
        browser.key("Escape", 27)
        expect("Escape does not go up", js("document.getElementById('crumbs').textContent") == before)
        expect("a tile outside", js("[...document.querySelectorAll('.tile')].every(t => t.offsetLeft >= 0 && t.offsetTop >= 0 && t.offsetLeft + t.offsetWidth <= map.clientWidth + 2 && t.offsetTop + t.offsetHeight <= map.clientHeight + 2)"))

    # A row that opens.
    if js("document.querySelector('#waste tr[aria-expanded]') !== null"):
        js("document.querySelector('#waste tr[aria-expanded]').focus()")
        browser.key("Enter", 13)
        expect("a row does not open", js("document.querySelector('#waste tr.more') !== null"))
        browser.key("Enter", 13)
        expect("a row does not close", js("document.querySelector('#waste tr.more') === null"))
    expect("wider than the window", js("document.documentElement.scrollWidth <= innerWidth"))

    pdf = base64.b64decode(browser.call("Page.printToPDF", printBackground=True)["data"])
    expect("does not print", pdf.startswith(b"%PDF") and len(pdf) > 5000)
    if pictures:
        with open(os.path.join(pictures, "page.pdf"), "wb") as file:
            file.write(pdf)
    browser.call("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=True)
    time.sleep(0.2)
    expect("a telephone has to scroll sideways", js("document.documentElement.scrollWidth <= 400"), js("document.documentElement.scrollWidth"))
    picture(browser, pictures, "narrow.png", whole=False)


if __name__ == "__main__":
    main()
