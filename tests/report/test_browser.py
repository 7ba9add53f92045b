# SPDX-License-Identifier: Apache-2.0
"""report.html as a person meets it, in headless Chromium. Pictures: build/tests/report/*.png."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pages
import pytest
from browser import PRINT_WIDTH, SECONDS, WIDTH, Browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

OVERFLOW = """
const page = document.documentElement;
const wide = [...document.querySelectorAll(".scroll, main, header, nav")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => `${e.scrollWidth} > ${e.clientWidth}: ${e.textContent.trim().slice(0, 60)}`);
return page.scrollWidth > page.clientWidth ? [`page ${page.scrollWidth}`, ...wide] : wide;
"""
PAPER = "return getComputedStyle(document.body).backgroundColor"
ROWS = "return [...document.querySelectorAll('tbody tr')].filter((r) => !r.hidden).length"
OPEN_ALL = "for (const part of document.querySelectorAll('details')) { part.open = true; }"


def search(browser: Browser, text: str) -> int:
    """Rows that are left; what the page says about them must agree."""
    field = browser.driver.find_element(By.ID, "query")
    field.clear()
    field.send_keys(text)
    left: int = browser.run(ROWS)
    said = browser.driver.find_element(By.ID, "found").text
    assert said == (f"{left} row{'' if left == 1 else 's'}" if text.strip() else "")
    return left


def test_opens_without_complaints_and_without_the_network(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.complaints() == []
    assert browser.requests() == [page.resolve().as_uri()]
    assert browser.run("return document.readyState") == "complete"


def test_a_request_would_be_seen_and_is_forbidden(
    browser: Browser, board: Path, tmp_path: Path
) -> None:
    spoilt = tmp_path / "spoilt.html"
    image = '<img src="http://192.0.2.1/x.png" alt="">'
    spoilt.write_text(board.read_text().replace("</main>", f"{image}</main>"))
    browser.open(spoilt)
    deadline = time.monotonic() + SECONDS
    while not any("Content Security Policy" in text for text in browser.complaints()):
        assert time.monotonic() < deadline, "nobody complains"
        time.sleep(0.1)  # what a page does is told a while later


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_are_readable_and_nothing_is_cut_off(
    browser: Browser, page: Path, scheme: str
) -> None:
    browser.scheme(scheme)
    browser.open(page)
    browser.picture(pages.OUT / f"{page.stem if page.stem != 'report' else 'board'}-{scheme}.png")
    browser.run(OPEN_ALL)
    assert browser.run("return innerWidth") == WIDTH
    assert browser.run(OVERFLOW) == []
    count, faint = browser.faint()
    assert count > 100
    assert faint == []
    assert (browser.run(PAPER) == "rgb(255, 255, 255)") == (scheme == "light")


def test_faint_text_would_be_seen(browser: Browser, board: Path) -> None:
    browser.scheme("light")
    browser.open(board)
    browser.run("document.querySelector('h1').style.color = '#999'")
    browser.run("document.querySelector('.picture .block text').style.fill = '#aaa'")
    assert len(browser.faint()[1]) == 2


def test_a_narrow_window_has_no_horizontal_scroll(browser: Browser, page: Path) -> None:
    """Tables may scroll in themselves; the page does not."""
    browser.open(page)
    browser.width(420)
    try:
        assert browser.run("return document.documentElement.scrollWidth") <= 420
    finally:
        browser.usual_width()


def test_search_narrows_the_rows(browser: Browser, board: Path) -> None:
    browser.open(board)
    everything = browser.run(ROWS)
    pong = search(browser, "pong")
    assert 0 < pong < everything
    assert search(browser, "pong dtb") == 1
    assert search(browser, "no such thing") == 0
    assert browser.run("return document.querySelectorAll('.vm:not([hidden])').length") == 0
    browser.driver.find_element(By.ID, "query").send_keys(Keys.ESCAPE)
    assert browser.run(ROWS) == everything
    assert browser.run("return document.querySelectorAll('details[open]').length") == 0


def test_search_by_address_finds_whose_it_is(browser: Browser, board: Path) -> None:
    """0x40412345 lies in ping's RAM in the host, and in a guest address of both VMs."""
    browser.open(board)
    assert search(browser, "0x40412345") > 0
    rows = browser.run(
        "return [...document.querySelectorAll('.matrix tbody tr')].filter((r) => !r.hidden)"
        ".map((r) => r.cells[3].textContent)"
    )
    assert rows == ["ping"]
    assert search(browser, "0x4041_2345") > 0
    blocks = browser.run("return document.querySelectorAll('.picture .block.match').length")
    assert 0 < blocks < browser.run("return document.querySelectorAll('.picture .block').length")


def test_keyboard(browser: Browser, board: Path) -> None:
    browser.open(board)
    browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    browser.driver.find_element(By.TAG_NAME, "body").send_keys("/")
    assert browser.run("return document.activeElement.id") == "query"


def test_addresses_of_the_page_lead_to_their_rows(browser: Browser, board: Path) -> None:
    browser.open(board, "#ping-0x40000000")
    row = browser.driver.find_element(By.CSS_SELECTOR, "tr:target")
    assert "16 MiB" in row.text and row.is_displayed()
    browser.open(board, "#sysregs-0")
    assert browser.run("return document.getElementById('sysregs-0').open") is True


def test_pictures_lead_to_the_rows_and_tell_on_hover(browser: Browser, page: Path) -> None:
    browser.open(page)
    dead = browser.run(
        "return [...document.querySelectorAll('.picture a')].map((a) => a.getAttribute('href'))"
        ".filter((h) => !document.getElementById(h.slice(1)))"
    )
    assert dead == []
    silent = browser.run(
        "return [...document.querySelectorAll('.picture .block, .picture .line')]"
        ".filter((e) => !e.querySelector('title')?.textContent).length"
    )
    assert silent == 0


def test_without_scripts_everything_is_there(browser: Browser, board: Path) -> None:
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(board)
        form = browser.driver.find_element(By.ID, "search")
        assert not form.is_displayed()
        shown = browser.driver.find_elements(By.CSS_SELECTOR, ".vm tbody tr")
        assert sum(row.is_displayed() for row in shown) >= 12
    finally:
        browser.command("Emulation.setScriptExecutionDisabled", value=False)


def test_print(browser: Browser, page: Path) -> None:
    browser.scheme("dark")  # paper is white all the same
    browser.open(page)
    printed = browser.pdf()
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 3
    try:
        browser.scheme("dark", "print")
        browser.width(PRINT_WIDTH)
        browser.run(OPEN_ALL)
        assert browser.run(OVERFLOW) == []
        assert browser.run("return getComputedStyle(document.querySelector('nav')).display") == (
            "none"
        )
        assert browser.run(PAPER) == "rgb(255, 255, 255)"
        assert browser.faint()[1] == []
    finally:
        browser.usual_width()
        browser.scheme("light")
