"""A child of a process in which Polars was at work is told so, where it would wait for ever."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from miqrec import Recommender
from miqrec.data import open_dataset
from miqrec.data.reading.interactions import read_interactions
from miqrec.system.forks import polars_is_at_work

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

LOG = pl.DataFrame({"user": [1, 1, 1, 2, 2, 2], "item": ["a", "b", "c", "a", "c", "d"]})
PAGE = Path(__file__).parents[2] / "docs" / "multiprocessing.md"


def said_in_a_child(work: Callable[[], object], seconds: int = 20) -> str:
    """What a forked child's work ends with; a child that hangs is ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        try:
            os.write(writing, repr(work()).encode())
        except BaseException as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert status == 0, "the child hangs"
    return said


@pytest.fixture(scope="module")
def rec() -> Recommender:
    return Recommender.fit(LOG, "popularity")


DOORS = {
    "recommend": lambda rec: rec.recommend(histories=[["a"]], k=2),
    "evaluate": lambda rec: rec.evaluate(),
    "fit": lambda _: Recommender.fit(LOG, "popularity"),
    "open_dataset": lambda _: open_dataset("demo"),
    "read_interactions": lambda _: read_interactions(LOG),
    "load": lambda _: Recommender.load("model"),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_forked_child_is_told_at_every_door(rec, door):
    assert 'start processes by multiprocessing\'s "spawn"' in said_in_a_child(lambda: door(rec))
    assert rec.recommend(histories=[["a"]], k=2).height == 2  # the parent goes on


def test_a_fork_that_comes_before_polars_works_is_fine(tmp_path, rec):
    rec.save(tmp_path / "model")
    code = f"""
        import os
        from miqrec import Recommender

        if child := os.fork():
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        lists = Recommender.load({str(tmp_path / "model")!r}).recommend(histories=[["a"]], k=2)
        os._exit(lists.height)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], timeout=120, check=False)
    assert done.returncode == 2  # rows


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads can't be listed here")
def test_polars_is_at_work_once_it_has_computed(rec):
    assert polars_is_at_work()
    code = "import polars; from miqrec.system.forks import polars_is_at_work as at_work; print(at_work())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]


def test_threads_may_ask_at_the_same_time(rec):
    histories = [[["a"]], [["b"]], [["c", "d"]]] * 4
    with ThreadPoolExecutor(3) as pool:
        lists = list(pool.map(lambda history: rec.recommend(histories=history, k=2), histories))

    alone = [rec.recommend(histories=history, k=2) for history in histories]
    assert all(one.equals(other) for one, other in zip(lists, alone, strict=True))


@pytest.mark.slow
def test_the_example_of_the_page_runs(tmp_path):
    films = pl.DataFrame(
        {"user": [1, 1, 1, 2, 2, 2], "item": ["heat", "ronin", "alien", "heat", "up", "jaws"]}
    )
    Recommender.fit(films, "markov").save(tmp_path / "model")
    example = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, timeout=300, check=True
    )
    assert done.stdout.startswith(b"[['alien'")
