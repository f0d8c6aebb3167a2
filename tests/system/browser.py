"""A headless Chromium that records requests and console messages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

_SECONDS = 40
_TABS = 50
_MISSING = "Chromium and its driver are needed here: apt-get install chromium chromium-driver"
_SWITCHES = (
    "--headless",
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1400",
)


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def open(self, url: str) -> None:
        self._driver.get(url)

    def find(self, css: str) -> WebElement:
        """Return the first visible element, when there is one."""
        return self.wait(lambda: next((e for e in self._all(css) if e.is_displayed()), None))

    def click(self, css: str) -> None:
        element = self.find(css)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def focus_by_tab(self, css: str) -> WebElement:
        """Press Tab until the element has the focus."""
        self.run("document.activeElement.blur()")
        for _ in range(_TABS):
            ActionChains(self._driver).send_keys(Keys.TAB).perform()
            focused = self._driver.switch_to.active_element
            if self.run("return arguments[0].matches(arguments[1])", focused, css):
                return focused
        raise AssertionError(f"{css} is not reached with Tab")

    def resize(self, width: int, height: int) -> None:
        self._driver.set_window_size(width, height)

    def prefer(self, scheme: str) -> None:
        """Set the preferred colour scheme: `light` or `dark`."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def wait(self, found: Callable[[], Any]) -> Any:
        return WebDriverWait(self._driver, _SECONDS).until(lambda _: found())

    def run(self, script: str, *arguments: Any) -> Any:
        return self._driver.execute_script(script, *arguments)

    def call(self, script: str, *arguments: Any) -> Any:
        """Run an asynchronous script; return what it passes to its last argument."""
        return self._driver.execute_async_script(script, *arguments)

    def save(self, picture: Path) -> None:
        assert self._driver.save_screenshot(str(picture))

    def complaints(self) -> list[str]:
        """Return the console's warnings and errors."""
        return [entry["message"] for entry in self._driver.get_log("browser")]

    def hosts(self) -> set[str]:
        """Return the hosts of all requests since the last call."""
        sent = [
            message["params"]["request"]["url"]
            for message in self._events()
            if message["method"] == "Network.requestWillBeSent"
        ]
        return {urlsplit(url).netloc for url in sent if url.startswith("http")}

    def _events(self) -> Iterator[Any]:
        for entry in self._driver.get_log("performance"):
            yield json.loads(entry["message"])["message"]

    def _all(self, css: str) -> list[WebElement]:
        return self._driver.find_elements(By.CSS_SELECTOR, css)


@contextmanager
def started(profile: Path) -> Iterator[Browser]:
    """Start a browser with an empty profile. Fail, and never skip, without Chromium."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert chromium, _MISSING
    assert driver, _MISSING
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for switch in (*_SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    window = webdriver.Chrome(options, Service(driver))
    try:
        yield Browser(window)
    finally:
        window.quit()
