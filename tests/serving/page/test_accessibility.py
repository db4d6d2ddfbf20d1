"""What a screen reader and weak eyes get: names, roles, headings and contrast."""

import re
from itertools import pairwise
from typing import Any

import pytest

from browser import served

pytestmark = pytest.mark.debian

NAMED = {
    "button",
    "combobox",
    "textbox",
    "link",
    "option",
    "radio",
    "region",
    "listbox",
    "heading",
    "table",
}

CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((x, i) => x * a + below[i] * (1 - a));
  const ground = (element) => {
    if (element === null) return rgba("Canvas").slice(0, 3);
    return over(rgba(getComputedStyle(element).backgroundColor), ground(element.parentElement));
  };
  const light = (colour) => {
    const linear = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((x) => linear(x / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const back = ground(element);
    const front = over(rgba(getComputedStyle(element).color), back);
    const [low, high] = [light(front), light(back)].sort((a, b) => a - b);
    found.push([(high + 0.05) / (low + 0.05), element.textContent.trim().slice(0, 40)]);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def service(models):
    with served(artifact=models["miq-sasrec"], beside=models["sasrec"]) as (address, _):
        yield address


def full(page: Any) -> Any:
    """Fill every panel of the page."""
    page.get_by_role("button", name="an example").click()
    page.locator("#said", has_text="after 4 items").wait_for()
    page.get_by_role("button", name=re.compile("^Why ")).first.click()
    for place in ("#reasons li", "#after-change .list li", "#after-beside .list li", ".heat td"):
        page.locator(place).first.wait_for()
    return page


def nodes(page: Any) -> list[dict[str, Any]]:
    """The accessibility tree, as Chromium gives it to a screen reader: role and name of each node."""
    session = page.context.new_cdp_session(page)
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    return [
        {"role": node["role"]["value"], "name": node.get("name", {}).get("value", "")}
        for node in tree
        if not node["ignored"]
    ]


def test_whatever_can_be_used_or_jumped_to_has_a_name(service, visit):
    found = nodes(full(visit(service)))

    assert [
        node["role"] for node in found if node["role"] in NAMED and not node["name"].strip()
    ] == []
    names = [node["name"] for node in found if node["role"] == "button"]
    assert len(names) == len(set(names))  # no two buttons are told apart by their place alone
    assert {"banner", "main", "contentinfo", "status"} <= {node["role"] for node in found}


def test_headings_skip_no_level(service, visit):
    page = full(visit(service))
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')]"
        ".filter((heading) => heading.checkVisibility()).map((heading) => +heading.tagName[1])"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_fields_of_the_history_are_read_as_what_they_are(service, visit):
    page = visit(service)
    page.get_by_role("button", name="an example").wait_for()
    snapshot = page.locator("#history").aria_snapshot()
    for line in (
        'heading "What somebody has had" [level=2]',
        'combobox "Add an item"',
        'combobox "Positions that answer"',
        'button "an example"',
    ):
        assert line in snapshot


def test_the_heat_map_is_a_table_with_headers_for_rows_and_columns(service, visit):
    page = full(visit(service))
    table = page.locator(".heat")
    assert table.locator("caption").count() == 1
    assert table.locator("thead th:not([scope])").count() == 0
    rows = table.locator("tbody tr")
    assert rows.locator("th[scope=row]").count() == rows.count() == 4
    assert all(text.endswith(" %") for text in table.locator("td").all_text_contents())


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_all_text_has_a_contrast_of_at_least_4_5(service, visit, colours):
    page = full(visit(service, color_scheme=colours))
    found = page.evaluate(CONTRASTS)
    assert len(found) > 100
    assert [text for contrast, text in found if contrast < 4.5] == []
