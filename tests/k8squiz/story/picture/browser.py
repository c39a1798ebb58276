"""A real browser on a page of ours, by the WebDriver protocol (W3C) over the standard library; None where there is none."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
)
_NOWHERE = urllib.request.build_opener(urllib.request.ProxyHandler({}))
KEYS = {"right": "\ue014", "left": "\ue012", "home": "\ue011", "end": "\ue010"}


class Browser:
    """One window. `requests()` are the URLs that were asked for since it was last asked."""

    def __init__(self, port: int) -> None:
        self._at = f"http://127.0.0.1:{port}"
        options = {"binary": CHROMIUM, "args": list(_FLAGS)}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }
        self._session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._at + path, data, {"Content-Type": "application/json"}, method=method)
        with _NOWHERE.open(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def _of(self, method: str, path: str, body: object = None) -> Any:
        return self._ask(method, f"/session/{self._session}{path}", body)

    def open(self, path: Path) -> None:
        self._of("POST", "/url", {"url": path.as_uri()})

    def press(self, *keys: str) -> None:
        """Press keys, by name or as they are written."""
        strokes = [
            stroke
            for key in keys
            for stroke in (
                {"type": "keyDown", "value": KEYS.get(key, key)},
                {"type": "keyUp", "value": KEYS.get(key, key)},
            )
        ]
        self._of("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def run(self, script: str) -> Any:
        """What a function's body returns on the page."""
        return self._of("POST", "/execute/sync", {"script": script, "args": []})

    def look(self, width: int, height: int, dark: bool = False, medium: str = "") -> None:
        """The size of the window, the reader's colours, the medium."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        media = {"media": medium, "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
        for command, params in (("Emulation.setDeviceMetricsOverride", size), ("Emulation.setEmulatedMedia", media)):
            self._of("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def requests(self) -> list[str]:
        entries = (
            json.loads(entry["message"])["message"] for entry in self._of("POST", "/se/log", {"type": "performance"})
        )
        return [
            entry["params"]["request"]["url"] for entry in entries if entry["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """What the page wrote to the console: errors, refused scripts."""
        return [entry["message"] for entry in self._of("POST", "/se/log", {"type": "browser"})]

    def quit(self) -> None:
        self._of("DELETE", "")


@contextlib.contextmanager
def browser(log: Path) -> Iterator[Browser]:
    """A browser that ends with the block. What chromedriver says goes to `log`."""
    assert DRIVER is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("wb") as out, subprocess.Popen([DRIVER, f"--port={port}"], stdout=out, stderr=out) as driver:
        try:
            _wait(port)
            found = Browser(port)
            try:
                yield found
            finally:
                found.quit()
        finally:
            driver.terminate()


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("chromedriver does not listen")
