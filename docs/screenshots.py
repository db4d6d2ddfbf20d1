"""Take the pictures of docs/page.md: a service of two models on a free port, and Debian's Chromium.

make demo
.venv/bin/python docs/screenshots.py runs/demo/miq-sasrec runs/demo/sasrec
"""

import io
import re
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests"))

from browser import ARGUMENTS, served  # noqa: E402 - it stands beside the tests

HISTORY = ("silent harbour", "golden lighthouse", "bitter cathedral", "distant puppet")
MARGIN = 12
COLOURS = 64
"""Enough for text on panels; a picture has a third of its size then."""


def main() -> None:
    """Show the two models that are named on the command line."""
    model, beside = map(Path, sys.argv[1:3])
    with (
        served(artifact=model, beside=beside, store=None) as (address, _),
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        wide = _filled(chromium, address, viewport={"width": 900, "height": 900})
        _take(wide, "page", "header", "#why")
        _take(wide, "page-what-if", "#what-if", "#what-if")
        _take(wide, "page-window", "#window", "#window")
        size = {"width": 360, "height": 700}
        phone = _filled(chromium, address, viewport=size, color_scheme="dark")
        _take(phone, "page-phone", "#why", "#why")
        chromium.close()


def _filled(chromium: Any, address: str, **options: Any) -> Any:
    """Open the page, pick a history of which two positions answer, and ask why the first item is there."""
    page = chromium.new_context(**options).new_page()
    page.goto(address)
    for count, title in enumerate(HISTORY, 1):
        page.get_by_label("Add an item").fill(title)
        page.locator("li[role=option]:visible").first.click()
        page.locator("#said", has_text=f"after {count} item").wait_for()
    page.get_by_label("Positions that answer").select_option("0.6 0.4")
    page.get_by_role("heading", name="2 positions answer").wait_for()
    page.get_by_role("button", name=re.compile("^Why ")).first.click()
    page.locator("#reasons li").first.wait_for()
    page.locator("#after-change .list li").first.wait_for()
    page.evaluate("document.activeElement.blur()")
    return page


def _take(page: Any, name: str, first: str, last: str) -> None:
    """Write the part of the page from one element to another as docs/NAME.png."""
    top, bottom = (page.locator(selector).bounding_box() for selector in (first, last))
    scrolled = page.evaluate("scrollY")
    start = max(top["y"] + scrolled - MARGIN, 0)
    end = bottom["y"] + scrolled + bottom["height"] + MARGIN
    part = {"x": 0, "y": start, "width": page.viewport_size["width"], "height": end - start}
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True, clip=part))).convert("RGB")
    picture.quantize(COLOURS).save(HERE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
