"""Small models to show, and Chromium to look at their page."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from browser import ARGUMENTS, VIOLATIONS, Watch, titles
from debian import program
from miqrec import Recommender
from miqrec.testing.frames import circle


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> dict[str, Path]:
    """A model with two layers of several queries, one with a single query, and one that counts."""
    folder = tmp_path_factory.mktemp("page")
    sizes = {"dim": 16, "n_heads": 1, "n_layers": 2, "max_length": 10}
    quick = {"epochs": 3, "batch_size": 32, "learning_rate": 0.02}
    settings = {
        "miq-sasrec": {"window": 3, **sizes, **quick},
        "sasrec": sizes | quick,
        "markov": {},
    }
    for model, values in settings.items():
        Recommender.fit(circle(), model=model, items=titles(), **values).save(folder / model)
    return {model: folder / model for model in settings}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium; not for the session, since it runs an event loop that other tests want to run."""
    path = program("chromium", "chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


@pytest.fixture
def visit(chromium) -> Iterator[Callable[..., Any]]:
    """Opens a page; afterwards nothing may have gone wrong in it or have come from elsewhere."""
    watches: list[Watch] = []
    with ExitStack() as open_pages:

        def open_page(address: str, refused: int | None = None, **options: Any) -> Any:
            context = chromium.new_context(
                **({"viewport": {"width": 1000, "height": 800}} | options)
            )
            open_pages.callback(context.close)
            context.add_init_script(VIOLATIONS)
            context.set_default_timeout(10_000)
            page, watch = context.new_page(), Watch(address, refused)
            watches.append(watch)
            watch.over(page)
            open_pages.callback(lambda: watch.complaints.extend(page.evaluate("window.violations")))
            page.goto(address)
            return page

        yield open_page
    assert [complaint for watch in watches for complaint in watch.complaints] == []
