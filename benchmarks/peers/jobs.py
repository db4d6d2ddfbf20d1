"""What is measured: the sizes that every side of a comparison is given. Standard library only."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Job:
    """One measurement of one side.

    Attributes:
        side: The side, as `sides.SIDES` names it.
        users: How many users of the data set are taken; 0 stands for all of them.
        epochs: Epochs of miqrec, whose batches differ in length; the first is a warm-up.
        prepared: Whether the process is prepared as miqrec's command line prepares its own: threads that
            wait sleep soon, and freed memory is used again, in huge pages where there are some.
        feed_forward: The inner width of the feed-forward layers, as a multiple of `dim`.
        only_targets: Whether `FlatSASRecNet`'s loop scores the positions that have a target, as miqrec
            does, or all positions, padding among them, as the class's own `forward` does.
        steps: Steps of a peer, whose batches are all alike, after `warm_up` steps; 0 is a whole epoch.
        k: The length of the lists, where lists are made.
        asked: For how many of the users lists are made; 0 stands for all of them.
        calls: How often all lists are made; the first time is a warm-up.
    """

    side: str
    work: Literal["train", "recommend", "limits"]
    data: str = "ml-1m"
    users: int = 0
    max_length: int = 200
    model: Literal["sasrec", "miq-sasrec"] = "sasrec"
    window: int = 1
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    dim: int = 64
    n_heads: int = 2
    n_layers: int = 2
    feed_forward: int = 1
    dropout: float = 0.2
    attention_dropout: float = 0.2
    batch_size: int = 128
    epochs: int = 3
    warm_up: int = 2
    steps: int = 0
    k: int = 20
    asked: int = 0
    calls: int = 4
    threads: int = 2
    prepared: bool = False
    only_targets: bool = False

    def dump(self) -> str:
        """Return one line of JSON, to be an argument of a worker."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> "Job":
        """Read what `dump` wrote."""
        return cls(**json.loads(text))


def small(job: Job) -> Job:
    """Return the same job with few users and few steps, which shows in seconds that it works."""
    return replace(
        job, users=150, max_length=min(job.max_length, 50), epochs=2, warm_up=1, steps=3, calls=2
    )
