"""A headless Chromium, if this machine has one, spoken to by its own protocol over two pipes."""
import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless_shell")
FLAGS = ("--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--hide-scrollbars")
SECONDS = 30
LAUNCH = """import fcntl, os, sys
high = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
for each, wanted in zip(high, (3, 4)):
    os.dup2(each, wanted)
os.execv(sys.argv[3], sys.argv[3:])
"""     # the browser reads commands from 3 and writes answers to 4


def find():
    """The program: `NPFL_KIT_CHROMIUM`, or the first of `NAMES` on the path; None if there is none."""
    return os.environ.get("NPFL_KIT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """Shows one page after another."""

    def __init__(self, write, read):
        self._write, self._read, self._left, self._number = write, read, b"", 0
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    def ask(self, method, **parameters):
        """The answer to one command."""
        self._number += 1
        session = {"sessionId": self._session} if hasattr(self, "_session") else {}
        message = {"id": self._number, "method": method, "params": parameters, **session}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = self._wait(lambda each: each.get("id") == message["id"])
        assert "error" not in answer, answer
        return answer["result"]

    def show(self, path, width, dark=False):
        """Open a file on a screen of that many pixels."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=740, deviceScaleFactor=1,
                 mobile=width < 500)
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.ask("Page.navigate", url=path.as_uri())
        self._wait(lambda each: each.get("method") == "Page.loadEventFired")

    def value(self, expression):
        """What an expression of JavaScript gives on the page; it runs beside the page's own rules."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def picture(self):
        """The page as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def _wait(self, wanted):
        deadline = time.monotonic() + SECONDS
        while True:
            message, found, rest = self._left.partition(b"\0")
            if found:
                self._left = rest
                value = json.loads(message)
                if wanted(value):
                    return value
                continue
            assert select.select([self._read], [], [], deadline - time.monotonic())[0], "the browser is silent"
            more = os.read(self._read, 2**16)
            assert more, "the browser has ended"
            self._left += more


@contextlib.contextmanager
def browser(program):
    """A running browser with a profile of its own, which leaves nothing."""
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    profile = tempfile.mkdtemp(prefix="npfl_kit-")
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", LAUNCH, str(to_browser), str(from_browser), program, *flags,
         f"--user-data-dir={profile}"], pass_fds=[to_browser, from_browser], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Browser(commands, answers)
    finally:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            os.write(commands, b'{"id": 0, "method": "Browser.close"}\0')
            process.wait(timeout=10)        # it puts its own children and files away
        os.close(commands)
        os.close(answers)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()
        shutil.rmtree(profile, ignore_errors=True)
