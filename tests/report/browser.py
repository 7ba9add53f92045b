# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium, driven through Debian's chromedriver, and what the tests ask of a page."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

WIDTH, HEIGHT = 1280, 900
PRINT_WIDTH = 1031  # CSS pixels between the margins of A4 on its side
_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-extensions"
    " --disable-background-networking --disable-component-update --no-first-run --hide-scrollbars"
).split()
SECONDS = 60  # for one page; a loaded machine is slow

# Text whose contrast with what lies behind it is less than WCAG's AA asks for: 4.5 to 1.
_FAINT = """
const channels = (text) => (text.match(/[0-9.]+/g) || []).map(Number);
const over = (top, below) => {
  const share = top.length > 3 ? top[3] : 1;
  return [0, 1, 2].map((n) => top[n] * share + below[n] * (1 - share));
};
const light = (colour) => {
  const [r, g, b] = colour.map((c) => {
    c /= 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (a, b) => {
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
const behind = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    layers.push(channels(getComputedStyle(at).backgroundColor));
  }
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
};
const seen = (element) => element.getClientRects().length > 0;
const faint = [];
const judge = (element, front, back) => {
  const found = ratio(over(front, back), back);
  if (found < 4.5) {
    faint.push(`${found.toFixed(2)} ${element.tagName}.${element.getAttribute("class")} ` +
               element.textContent.trim().slice(0, 40));
  }
};
let count = 0;
for (const element of document.querySelectorAll("body *:not(svg *)")) {
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (own && seen(element) && !["SCRIPT", "STYLE", "TITLE"].includes(element.tagName)) {
    judge(element, channels(getComputedStyle(element).color), behind(element));
    count += 1;
  }
}
for (const text of document.querySelectorAll("svg text")) {
  const style = getComputedStyle(text);
  const shapes = [...text.parentElement.querySelectorAll("rect")];
  const rect = text.classList.contains("inset")
    ? shapes.find((r) => r.classList.contains("inset"))
    : shapes.find((r) => !r.classList.contains("inset"));
  const paper = behind(text.closest("svg"));
  const inside = rect && text.closest(".block");
  const back = inside ? over(channels(getComputedStyle(rect).fill), paper) : paper;
  judge(text, [...channels(style.fill).slice(0, 3), Number(style.fillOpacity)], back);
  count += 1;
}
return {count, faint};
"""


class Browser:
    """One window of WIDTH by HEIGHT pixels."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (*_FLAGS, f"--window-size={WIDTH},{HEIGHT}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(SECONDS)
        self.driver.set_script_timeout(SECONDS)

    def close(self) -> None:
        self.driver.quit()

    def open(self, page: Path, anchor: str = "") -> None:
        """From the start, whatever was open before."""
        self.driver.get("about:blank")
        self.complaints()
        self.requests()
        self.driver.get(page.resolve().as_uri() + anchor)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.driver.execute_cdp_cmd(name, arguments)
        return answer

    def scheme(self, name: str, media: str = "") -> None:
        """light or dark; media: print, or what a screen shows."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.command("Emulation.setEmulatedMedia", media=media, features=features)

    def width(self, pixels: int) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=pixels,
            height=HEIGHT,
            deviceScaleFactor=1,
            mobile=False,
        )

    def usual_width(self) -> None:
        self.command("Emulation.clearDeviceMetricsOverride")

    def complaints(self) -> list[str]:
        """What the browser has written to its console since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last look."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(str(message["params"]["request"]["url"]))
        return found

    def faint(self) -> tuple[int, list[str]]:
        """How many texts there are, and those that are hard to read."""
        found = self.run(_FAINT)
        return found["count"], found["faint"]

    def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.command(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        return base64.b64decode(
            self.command("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
        )
