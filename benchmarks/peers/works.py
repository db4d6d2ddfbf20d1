"""The comparisons: the sides that take part, and the pairs whose ratios are reported."""

from typing import NamedTuple

from benchmarks.peers.jobs import Job


class Pair(NamedTuple):
    """Two sides of which it is reported how many times as fast the first is as the second."""

    fast: str
    slow: str


class Work(NamedTuple):
    """Sides that are measured in turn, and the pairs whose ratios are reported."""

    title: str
    sides: dict[str, Job]
    pairs: list[Pair]


HELPED = {"attention_dropout": 0.0, "prepared": True}
"""What miqrec has by default and a peer has not; a peer with such help stands beside the peer as it comes."""

FLAT = {"side": "rectools-flat", "work": "train", "feed_forward": 4}
"""RecTools' `FlatSASRecNet`, whose feed-forward layers are four times as wide as the model."""
FLAT_HELPED = FLAT | HELPED | {"only_targets": True}


def _ours(**changes: object) -> Job:
    """Return a job of miqrec with its defaults."""
    return Job(**({"side": "ours", "work": "train"} | HELPED | changes))


BFLOAT = "bf16-mixed"
MIQ = {"model": "miq-sasrec", "epochs": 2}
ONE = {"asked": 1, "calls": 20}
BEAUTY = {"data": "beauty-bert4rec", "max_length": 50}

WORKS = {
    "train-ml-1m": Work(
        "Training, full softmax, ML-1M, length 200",
        {
            "RecTools SASRec": Job("rectools", "train"),
            "RecTools SASRec, helped": Job("rectools", "train", **HELPED),
            "RecTools FlatSASRecNet": Job(**FLAT),
            "RecTools FlatSASRecNet, helped": Job(**FLAT_HELPED),
            "RecTools FlatSASRecNet, helped, narrow": Job(**FLAT_HELPED | {"feed_forward": 1}),
            "SASRec": _ours(),
            "SASRec, bf16": _ours(precision=BFLOAT),
            "MIQ-SASRec 5": _ours(**MIQ, window=5),
            "MIQ-SASRec 5, bf16": _ours(**MIQ, window=5, precision=BFLOAT),
            "MIQ-SASRec 10": _ours(**MIQ, window=10),
            "MIQ-SASRec 10, bf16": _ours(**MIQ, window=10, precision=BFLOAT),
        },
        [
            Pair("SASRec", "RecTools SASRec"),
            Pair("SASRec, bf16", "RecTools SASRec"),
            Pair("SASRec", "RecTools SASRec, helped"),
            Pair("SASRec, bf16", "RecTools SASRec, helped"),
            Pair("SASRec", "RecTools FlatSASRecNet"),
            Pair("SASRec, bf16", "RecTools FlatSASRecNet"),
            Pair("SASRec", "RecTools FlatSASRecNet, helped"),
            Pair("SASRec, bf16", "RecTools FlatSASRecNet, helped"),
            Pair("SASRec", "RecTools FlatSASRecNet, helped, narrow"),
            Pair("SASRec, bf16", "RecTools FlatSASRecNet, helped, narrow"),
            Pair("MIQ-SASRec 5, bf16", "RecTools SASRec"),
            Pair("MIQ-SASRec 10", "RecTools SASRec"),
            Pair("MIQ-SASRec 10, bf16", "RecTools SASRec"),
            Pair("SASRec", "MIQ-SASRec 5"),
            Pair("SASRec", "MIQ-SASRec 10"),
            Pair("SASRec, bf16", "MIQ-SASRec 5, bf16"),
            Pair("SASRec, bf16", "MIQ-SASRec 10, bf16"),
        ],
    ),
    "train-beauty": Work(
        "Training, full softmax, Beauty (54,542 items), length 50",
        {
            "RecTools SASRec": Job("rectools", "train", **BEAUTY, steps=12),
            "SASRec": _ours(**BEAUTY, epochs=2),
            "SASRec, bf16": _ours(**BEAUTY, epochs=2, precision=BFLOAT),
        },
        [Pair("SASRec", "RecTools SASRec"), Pair("SASRec, bf16", "RecTools SASRec")],
    ),
    "recommend-ml-1m": Work(
        "The 20 best of all items for 6,040 users, seen items left out, ML-1M, float32",
        {
            "RecTools SASRec": Job("rectools", "recommend", steps=1),
            "SASRec": _ours(work="recommend"),
            "MIQ-SASRec 10": _ours(work="recommend", **MIQ, window=10),
        },
        [Pair("SASRec", "RecTools SASRec"), Pair("MIQ-SASRec 10", "RecTools SASRec")],
    ),
    "recommend-one-ml-1m": Work(
        "The 20 best of all items for one user, seen items left out, ML-1M, float32",
        {
            "RecTools SASRec": Job("rectools", "recommend", steps=1, **ONE),
            "SASRec": _ours(work="recommend", **ONE),
            "MIQ-SASRec 10": _ours(work="recommend", **MIQ, window=10, **ONE),
        },
        [Pair("SASRec", "RecTools SASRec"), Pair("MIQ-SASRec 10", "RecTools SASRec")],
    ),
    "recbole-ml-1m": Work(
        "Training, full softmax, ML-1M, length 200, against every prefix as a row of its own",
        {"RecBole SASRec": Job("recbole", "train", steps=100), "SASRec": _ours()},
        [Pair("SASRec", "RecBole SASRec")],
    ),
    "limits": Work(
        "What the machine can do",
        {"matrix products and copies": Job("limits", "limits", prepared=True)},
        [],
    ),
}
