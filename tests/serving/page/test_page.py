"""The page in a browser: what somebody does with it, by mouse, by keyboard and on a phone."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from browser import LONG, MARKUP, served
from miqrec.serving.store import Event

pytestmark = pytest.mark.debian


@pytest.fixture(scope="module")
def service(models, tmp_path_factory) -> Iterator[str]:
    """A service with a second model, and with a store that knows ann."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'events.db'}"
    two = {"artifact": models["miq-sasrec"], "beside": models["sasrec"]}
    with served(**two, store=url) as (address, app):
        events = [Event(user="ann", item=f"item {number:02}") for number in (15, 3, 4)]
        app.state.service.store.append(events)
        yield address


SECOND = "#what-if section:nth-child(2)"
"""The changed list."""
OPTION = "li[role=option]:visible"


def pick(page: Any, field: str, text: str) -> None:
    """Choose the first item that is found for a text."""
    page.get_by_label(field).fill(text)
    page.locator(OPTION).first.click()


def texts(page: Any, selector: str) -> list[str]:
    return page.locator(selector).all_text_contents()


def said(page: Any, text: str) -> None:
    """Wait until the list is that of a history of so many items."""
    page.locator("#said", has_text=text).wait_for()


def test_items_are_searched_and_picked_and_the_list_follows_at_once(service, visit):
    page = visit(service)
    said(page, "What is popular: 10 items.")

    pick(page, "Add an item", "station 03")
    pick(page, "Add an item", "Station 04")
    said(page, "10 items after 2 items.")

    assert texts(page, "#items .title") == ["Station 03", "Station 04"]
    assert texts(page, "#items .when") == ["1 before", "last click"]
    asked = {"histories": [["item 03", "item 04"]], "k": 10}
    answer = httpx.post(f"{service}recommend", json=asked).json()["lists"][0]["items"]
    assert texts(page, "#list .title") == [item["title"] for item in answer]


def test_an_item_that_nobody_has_used_is_called_new(service, visit):
    page = visit(service)

    def answer(route: Any) -> None:
        body = route.fetch().json()
        body["lists"][0]["items"][1]["source"] = "attributes"
        route.fulfill(json=body)

    page.route("**/recommend", answer)
    pick(page, "Add an item", "station 03")
    said(page, "10 items after 1 item.")

    words = "new, placed by its attributes"
    assert [words in row for row in texts(page, "#list li")] == [False, True, *[False] * 8]


def test_an_item_can_be_taken_out_again(service, visit):
    page = visit(service)
    page.get_by_role("button", name="an example").click()
    said(page, "after 4 items.")

    page.get_by_role("button", name=re.compile("^Remove .*, last click$")).click()

    said(page, "after 3 items.")
    assert page.evaluate("document.activeElement.textContent") == "Remove"  # the focus isn't lost


def test_why_tells_what_each_item_is_worth_in_words(service, visit):
    page = visit(service)
    for text in ("station 03", "station 04"):
        pick(page, "Add an item", text)
    said(page, "after 2 items.")
    first = texts(page, "#list .title")[0]

    page.get_by_role("button", name=f"Why {first}?").click()

    page.get_by_role("heading", name=f"Why {first}?").wait_for()
    assert sorted(texts(page, "#reasons .title")) == ["Station 03", "Station 04"]
    values = texts(page, "#reasons .value")
    assert all(re.search(r"makes it [\d.]+ times as likely; ", value) for value in values)


def test_what_if_shows_the_list_beside_itself_and_how_steady_it_is(service, visit):
    page = visit(service)
    for text in ("station 03", "station 04", "station 15"):
        pick(page, "Add an item", text)
    said(page, "after 3 items.")
    asked = {"history": ["item 03", "item 04", "item 15"], "changes": [{"position": 0}]}
    dropped = httpx.post(f"{service}what-if", json=asked).json()
    panel = page.locator("#what-if")
    panel.get_by_text(f"Stability {dropped['frbo']:.2f} of 1").wait_for()
    assert texts(page, f"{SECOND} .title") == [item["title"] for item in dropped["second"]]

    page.get_by_label("The click", exact=True).select_option("1")
    pick(page, "Another item", "station 12")

    asked["changes"] = [{"position": 1, "item": "item 12"}]
    replaced = httpx.post(f"{service}what-if", json=asked).json()
    panel.get_by_role("heading", name="with Station 12 instead").wait_for()
    expected = {None: "new"} | {n: f"from {n}" for n in range(1, 11)}
    for item, text in zip(replaced["second"], texts(page, f"{SECOND} .move"), strict=True):
        word = "same place" if item["other"] == item["rank"] else expected[item["other"]]
        assert word in text  # what moved is told in words
    assert page.get_by_label("replaced by").is_checked()


def test_the_list_after_nothing_is_said_to_be_what_is_popular(service, visit):
    page = visit(service)
    pick(page, "Add an item", "station 03")
    first, second = (page.locator(f"#what-if section:nth-child({place})") for place in (1, 2))
    second.get_by_text("What is popular: nothing here is known to the model.").wait_for()
    assert first.get_by_text("What is popular").count() == 0


def test_two_models_stand_side_by_side(service, visit):
    page = visit(service)
    pick(page, "Add an item", "station 03")
    panel = page.locator("#beside")
    panel.get_by_role("heading", name=re.compile("^sasrec")).wait_for()

    asked = {"history": ["item 03"]}
    answer = httpx.post(f"{service}compare", json=asked).json()
    panel.get_by_text(f"Overlap {answer['frbo']:.2f} of 1").wait_for()
    assert texts(page, "#beside section:nth-child(2) .title") == [
        item["title"] for item in answer["second"]
    ]


def test_the_window_tells_who_spoke_and_where_each_looked(service, visit):
    page = visit(service)
    for text in ("station 03", "station 04"):
        pick(page, "Add an item", text)
    said(page, "after 2 items.")
    page.get_by_label("Positions that answer").select_option("0.6 0.4")
    page.get_by_role("heading", name="2 positions answer").wait_for()
    assert texts(page, "#window .bars .value") == ["60 %", "40 %"]

    columns = page.locator(".heat thead th")
    headers = columns.all_text_contents()
    assert headers[:3] == ["Item", "last click answers", "1 before answers"]
    names = [re.sub(r"[\d.]+ %", "", header) for header in headers[3:]]  # each asks three times
    assert names == ["last click", "1 before", "stand-in", "1 before", "stand-in", "stand-in"]
    assert texts(page, ".heat tbody th") == ["Station 04 last click", "Station 03 1 before"]
    newest, older = (
        [
            float(text.removesuffix(" %"))
            for text in texts(page, f".heat tbody tr:nth-child({row}) td")
        ]
        for row in (1, 2)
    )
    assert [a + b for a, b in zip(newest, older, strict=True)] == pytest.approx([100] * 6, abs=1)

    page.get_by_label("Layer of attention").select_option("1")
    page.get_by_text("Shares of attention in layer 1").wait_for()


def test_a_user_s_history_is_taken_from_the_store(service, visit):
    page = visit(service)
    page.get_by_label("Or take a user's history").fill("a")
    page.locator(OPTION, has_text="ann").click()
    said(page, "after 3 items.")
    assert texts(page, "#items .title") == ["Station 15", "Station 03", "Station 04"]


def test_a_title_that_looks_like_markup_is_text(service, visit):
    page = visit(service)
    pick(page, "Add an item", "onerror")
    assert texts(page, "#items .title") == [MARKUP]
    assert page.locator("img").count() == 0


def test_everything_can_be_done_by_the_keyboard(service, visit):
    page = visit(service)
    said(page, "What is popular")
    press = page.keyboard.press

    def focus() -> str:
        return page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.id"
        )

    press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the history"
    press("Enter")  # jumps over the header
    press("Tab")
    assert focus() == "item"
    page.keyboard.type("station 0")
    page.locator(OPTION).first.wait_for()
    assert page.get_by_label("Add an item").get_attribute("aria-expanded") == "true"
    assert texts(page, "#found") == [
        "8 found"
    ]  # of ten, one has markup for a title and one a long one
    press("ArrowDown")
    press("ArrowDown")
    press("ArrowUp")
    active = page.get_by_label("Add an item").get_attribute("aria-activedescendant")
    assert active == "item-options-0"
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    press("Enter")
    said(page, "10 items after 1 item.")
    assert focus() == "item"  # ready for the next one
    page.keyboard.type("x")
    press("Escape")
    assert page.get_by_label("Add an item").get_attribute("aria-expanded") == "false"
    for _ in range(30):
        press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if focus().startswith("Why "):
            break
    press("Enter")
    page.locator("#reasons li").first.wait_for()
    assert focus() == "why"
    for _ in range(30):
        press("Tab")
        if focus() == "change":
            break
    press("Tab")
    press("ArrowDown")  # from "left out" to "replaced by", which leads to the field
    assert focus() == "other"
    page.keyboard.type("station 12")
    page.locator(OPTION).first.wait_for()
    press("Enter")
    page.get_by_role("heading", name="with Station 12 instead").wait_for()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_phone_has_room_for_everything(service, visit, colours):
    page = visit(
        service, viewport={"width": 360, "height": 740}, color_scheme=colours, has_touch=True
    )
    for text in ("station 03", LONG):
        pick(page, "Add an item", text)
    said(page, "after 2 items.")
    page.get_by_role("button", name=re.compile("^Why ")).first.tap()
    page.locator("#reasons li").first.wait_for()
    page.locator(".heat").wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    widths = page.evaluate(
        "[...document.querySelectorAll('.list .title, .items .title')].map((e) => e.clientWidth)"
    )
    assert min(widths) > 100  # a third of the screen for each title
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, input[type=text]')]"
        ".map((e) => e.getBoundingClientRect()).filter((r) => r.width > 0 && r.height < 24).length"
    )
    assert small == 0


def test_an_error_of_the_service_is_shown_as_its_sentence(models, visit):
    with served(artifact=models["markov"], store=None) as (address, _):
        page = visit(address, refused=422)
        pick(page, "Add an item", "station 03")
        said(page, "after 1 item.")
        page.get_by_text("This model counts, and no position of a history speaks.").wait_for()
        page.get_by_role("button", name="Why Station 04?").click()
        page.locator("#reasons", has_text="nothing would be left to go by").wait_for()
        pick(page, "Add an item", "station 04")
        said(page, "after 2 items.")
        page.get_by_role("button", name="Why Station 05?").click()
        page.locator("#reasons", has_text="changes its score by").wait_for()
        assert page.locator("#beside").is_hidden()
        assert page.locator("#users").is_hidden()

        page.get_by_label("Positions that answer").select_option("0.6 0.4")

        page.get_by_role("alert").get_by_text("Markov has a single answer").wait_for()
        page.get_by_label("Positions that answer").select_option("")
        page.get_by_role("alert").wait_for(state="hidden")


def test_panels_that_an_exported_model_can_not_fill_say_why(exported, visit):
    with served(artifact=exported) as (address, _):
        page = visit(address)
        pick(page, "Add an item", "item 03")
        page.locator("#window").get_by_text(
            "explanations need the saved model and PyTorch"
        ).wait_for()
        assert page.get_by_role("button", name=re.compile("^Why ")).count() == 0
        # two lists need no explanation
        page.locator("#what-if").get_by_text("Stability").wait_for()


def test_without_pytorch_no_panel_is_left_without_a_reason(exported, visit, monkeypatch):
    monkeypatch.setattr("miqrec.serving.comparing.find_spec", lambda _: None)
    with served(artifact=exported, beside=exported) as (address, _):
        page = visit(address)
        said(page, "What is popular: 10 items.")
        for panel in ("#what-if", "#beside"):
            page.locator(panel).get_by_text("Not here: comparing lists needs PyTorch").wait_for()
        assert page.get_by_label("The click", exact=True).is_hidden()


def test_the_key_of_the_service_is_asked_for_and_kept_in_memory_alone(models, visit):
    with served(artifact=models["sasrec"], api_key="open sesame") as (address, _):
        page = visit(address, refused=401)
        page.get_by_label("API key").fill("wrong")
        page.get_by_role("button", name="Use the key").click()
        page.get_by_role("alert").get_by_text("Authorization: Bearer").wait_for()

        page.get_by_label("API key").fill("open sesame")
        page.get_by_role("button", name="Use the key").click()

        said(page, "What is popular")
        assert page.locator("#key-form").is_hidden()
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
            0,
            0,
            "",
        ]
