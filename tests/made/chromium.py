"""Drive a headless Chromium over its debugging pipe, with nothing but the standard library."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars "
    "--remote-debugging-pipe"
).split()


class Chromium:
    """One page of one browser; remembers every address it asked for and everything it complained about."""

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        read_command, self._write = map(_move_up, os.pipe())
        self._read, write_answer = map(_move_up, os.pipe())

        def connect():  # the browser reads commands from 3 and answers on 4
            os.dup2(read_command, 3)
            os.dup2(write_answer, 4)

        self._process = subprocess.Popen(
            [PROGRAM, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            preexec_fn=connect,
            pass_fds=(3, 4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_command)
        os.close(write_answer)
        self._buffer, self._number, self._session, self._events = b"", 0, None, []
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self._profile, ignore_errors=True)

    def resize(self, width: int) -> None:
        """Set the width of the window in CSS pixels; narrow ones are those of a telephone."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._send("Emulation.setDeviceMetricsOverride", **size)

    def open(self, page: Path, query: str = "") -> None:
        """Open a file, and wait until it is loaded and its scripts have had their turn."""
        self._events.clear()
        self._send("Page.navigate", url=page.resolve().as_uri() + query)
        self._wait_for("Page.loadEventFired")
        time.sleep(0.15)
        self.ask("1")

    def ask(self, expression: str):
        """Evaluate JavaScript in the page and return its value."""
        answer = self._send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", expression))
        return answer["result"].get("value")

    def wait_until(self, expression: str) -> None:
        """Wait until an expression of JavaScript is true in the page."""
        end = time.monotonic() + 10
        while not self.ask(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press and release a key."""
        code = {"Enter": 13, "Escape": 27}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self._send("Input.dispatchKeyEvent", type="keyDown", **about, **text)
        self._send("Input.dispatchKeyEvent", type="keyUp", **about)

    def print_as(self, wanted: bool) -> None:
        """Lay pages out as on paper, or as on a screen again."""
        self._send("Emulation.setEmulatedMedia", media="print" if wanted else "")

    def _send(self, method: str, **parameters) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def _wait_for(self, event: str) -> None:
        while event not in self._events:
            self._receive()

    def _receive(self) -> dict:
        while b"\0" not in self._buffer:
            piece = os.read(self._read, 65536)
            if not piece:
                raise RuntimeError("Chromium ended")
            self._buffer += piece
        text, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(text)
        method, about = message.get("method"), message.get("params", {})
        if method:
            self._events.append(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(about["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(about["exceptionDetails"]["text"])
        return message


def _move_up(descriptor: int) -> int:
    """Give a pipe's end a number above those that the browser expects for itself."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
