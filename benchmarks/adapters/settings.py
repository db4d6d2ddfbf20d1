"""What the systems of a table share, and how a script says what it found. Standard library only."""

import argparse
import json
import time
from collections.abc import Callable

TRAINED = ("sasrec", "miq")
"""A framework's own SASRec, and the same with MIQ-Attn."""

MIXTURE = "mixture"
"""The former's newest states mixed when it ranks, with the very same weights."""

WINDOW = 5
WEIGHTS = (0.6, 0.4)
"""The weights of the late mixture, the newest state's first."""

DIM, HEADS, BLOCKS, LENGTH = 64, 2, 2, 30
DROPOUT = 0.2
EPOCHS, BATCH, LEARNING_RATE = 15, 32, 0.001
"""Some 500 steps; chosen once, for all frameworks and systems alike, and not tuned."""

K = 10


Scores = dict[str, dict[str, float]]
"""HR@10 and NDCG@10, by system."""


def main(run: Callable[[str, int], Scores]) -> None:
    """Train what the command line names, and print scores and seconds as a line of JSON.

    Args:
        run: Trains a system with a seed, and scores it; SASRec is scored with the late mixture too.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("system", choices=TRAINED)
    parser.add_argument("seed", type=int)
    start = time.perf_counter()
    scores = {
        system: {metric: round(float(score), 6) for metric, score in found.items()}
        for system, found in run(**vars(parser.parse_args())).items()
    }
    print(json.dumps({"scores": scores, "seconds": round(time.perf_counter() - start, 1)}))
