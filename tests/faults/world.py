"""A tiny world: a log of 40 users, models of width 8, and everything that miqrec leaves of them."""

import json
import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from faults.children import Ended, Work, in_child
from faults.events import at_event, kill
from faults.room import ROOM, is_kept, keep, reset

N_USERS, N_ITEMS = 40, 12

MODEL = "--model miq-sasrec --window 2 --dim 8 --n-heads 1 --n-layers 1 --max-length 8"
TRAINING = "--epochs 4 --patience 3 --batch-size 16 --learning-rate 0.2 --dropout 0.2 --loss bce"
DATA = "--data log.csv --items items.csv"
TRAIN = f"train {DATA} {MODEL} {TRAINING}"
TUNE = f"tune {DATA} {MODEL} --search search.toml --trials 2 --epochs 2 --batch-size 16 --out tuned"
PRETRAIN = (
    f"pretrain {DATA} --model s3rec --dim 8 --n-heads 1 --n-layers 1 --max-length 8 --epochs 2 "
    "--batch-size 16 --out pretrained"
)
RECIPE = """title = "Two systems"
caption = "Made up."
data = "log.csv"
items = "items.csv"
[settings]
epochs = 2
batch_size = 16
dim = 8
max_length = 8
[systems.sasrec]
model = "sasrec"
label = "SASRec"
[systems.popularity]
model = "popularity"
label = "Popularity"
[[pairs]]
system = "sasrec"
baseline = "popularity"
"""
REPRODUCE = "reproduce recipe.toml --seeds 2 --out . --jobs 2"


def typed(words: str) -> Work:
    """The work of a command as it is typed in the room."""
    return partial(_type, words)


def miqrec(words: str) -> Ended:
    """Type a command in the room, and see it succeed."""
    return succeed(typed(words))


def succeed(work: Work) -> Ended:
    """Do work that nothing disturbs."""
    ended = in_child(work)
    assert ended.code == 0, ended
    return ended


def restore(state: str) -> None:
    """Put the room into a state, by the steps that a user takes to it if it has not been there."""
    if not is_kept(state):
        before, step = _STEPS[state]
        if before:
            restore(before)
        step()
        keep(state)
    reset(state)


def _type(words: str) -> None:
    from miqrec.cli import main

    sys.argv = ["miqrec", *words.split()]
    main()


def _write_log() -> None:
    draw = random.Random(0)
    rows = ["user,item,time,session,event"]
    for user in range(N_USERS):
        start = draw.randrange(N_ITEMS)
        for step in range(draw.randint(5, 9)):
            kind = draw.choice(["view", "buy"])
            item = (start + step) % N_ITEMS if draw.random() < 0.8 else draw.randrange(N_ITEMS)
            moment = 1_700_000_000 + 1000 * step + user
            rows.append(f"u{user},i{item},{moment},s{user}-{step // 3},{kind}")
    Path("log.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    titles = [
        f"i{item},Title of {item},{'drama' if item % 2 else 'war'}" for item in range(N_ITEMS)
    ]
    Path("items.csv").write_text("\n".join(["item,title,genres", *titles]) + "\n", encoding="utf-8")
    Path("recipe.toml").write_text(RECIPE, encoding="utf-8")
    Path("search.toml").write_text("[search]\ndropout = [0.1]\n", encoding="utf-8")


def _save_store() -> None:
    from miqrec.data.open import DataConfig, open_dataset

    open_dataset(DataConfig(source="log.csv", items="items.csv")).save("store")


def _save_model() -> None:
    from miqrec import Recommender

    Recommender.load("run").save("kept")


def _stop(words: str, stage: str, number: int) -> None:
    """Kill a command at the n-th event of a stage."""
    ended = in_child(at_event(typed(words), ROOM, number, kill, stage))
    assert ended.code == -9, ended


def _study() -> None:
    """Do the runs of the study here, since new processes take seconds."""
    for run in json.loads(miqrec(f"{REPRODUCE} --dry-run --json").out)["runs"]:
        miqrec(" ".join(run["command"][1:]))
    miqrec(REPRODUCE)
    miqrec("report recipe/sasrec --out page.html")
    miqrec("report recipe/sasrec --out report")


def _other_models() -> None:
    miqrec(f"{TRAIN} --seed 1 --out other")
    miqrec("recommend run --k 2 --out lists.csv")
    miqrec("recommend run --k 2 --out lists")
    succeed(_save_model)
    for model in ("markov", "popularity", "gru4rec --dim 8 --hidden 8 --epochs 1"):
        miqrec(f"train {DATA} --model {model} --out {model.split()[0]}")


def _each(*words: str) -> Callable[[], None]:
    return lambda: [miqrec(word) for word in words] and None


_STEPS: dict[str, tuple[str | None, Callable[[], object]]] = {
    "log": (None, _write_log),
    "run": ("log", _each(f"{TRAIN} --final --out run")),
    "stopped": ("log", partial(_stop, f"{TRAIN} --out run", "training", 10)),
    "stopped in --final": ("log", partial(_stop, f"{TRAIN} --final --out run", "--final", 30)),
    "models": ("run", _other_models),
    "store": ("run", partial(succeed, _save_store)),
    "study": ("log", _study),
    "pack": ("study", _each("pack recipe --delete-models")),
    "search": ("log", _each(TUNE)),
    "pre-training": ("log", _each(PRETRAIN)),
}
"""By the name of a state, the one that it begins with, and what is done in it."""
