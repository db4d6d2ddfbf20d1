"""What is measured: the sizes that every side of a comparison is given. Standard library only."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Literal

Side = Literal["ours", "rectools", "recbole", "limits"]


@dataclass(frozen=True)
class Job:
    """One measurement of one side.

    Attributes:
        users: how many users of the data set are taken; 0 for all.
        epochs: of ours, whose batches differ in length; the first is a warm-up.
        prepared: whether the process is told what miqrec's command line tells its own: to use freed
            memory again, in huge pages where there are some.
        steps: of a peer, whose batches are all alike; after `warm_up` steps. 0 is a whole epoch.
    """

    side: Side
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
    dropout: float = 0.2
    attention_dropout: float = 0.2
    batch_size: int = 128
    epochs: int = 3
    warm_up: int = 2
    steps: int = 0
    k: int = 20
    calls: int = 4
    threads: int = 2
    prepared: bool = False

    def dump(self) -> str:
        """One line of JSON, to be an argument of a worker."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> "Job":
        """Read what `dump` wrote."""
        return cls(**json.loads(text))


def small(job: Job) -> Job:
    """The same job in seconds: few users, few steps; to see that it works, not to measure."""
    return replace(
        job, users=150, max_length=min(job.max_length, 50), epochs=2, warm_up=1, steps=3, calls=2
    )
