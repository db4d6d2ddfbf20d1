"""Times one more perturbed input of `miqrec stability` beside an evaluation.

    PYTHONPATH=src:. python -m benchmarks.steps.perturbed [--data ml-1m] [--noise random-added]

Both are of the test questions with SASRec, whose weights are random, which costs the same. An evaluation
ranks the held-out items. A perturbed input adds the drawing of the noise, lists of ten beside the ranks, and
the comparison with the clean lists, which have been made before. The command prints a table in Markdown:
seconds of one core's time, and how many evaluations a perturbed input costs.
"""

import argparse

from miqrec.system.process import prepare

prepare()  # before PyTorch is loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.steps.mixture import untrained, user_seconds  # noqa: E402
from miqrec.evaluation import ListRequest, rank_questions  # noqa: E402
from miqrec.stability.measure import LISTED, Noise, answers_each_way, measure_noise  # noqa: E402
from miqrec.stability.perturbations import named_perturbation  # noqa: E402


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="ml-1m")
    parser.add_argument("--noise", nargs="+", default=["random-added"])
    parser.add_argument("--repetitions", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(
        "| noise | an evaluation | one more perturbed input | in evaluations |\n|---|---|---|---|"
    )
    for noise in options.noise:
        evaluation, perturbed = seconds(options.data, noise, options.repetitions)
        ratio = perturbed / evaluation
        print(f"| {noise} | {evaluation:.2f} | {perturbed:.2f} | {ratio:.2f} |", flush=True)


def seconds(data: str, noise: str, repetitions: int) -> list[float]:
    """Return the least of some times of an evaluation and of a perturbed input, which take turns."""
    splits, model, popularity = untrained(data)
    request, counts = ListRequest(model, popularity, LISTED), popularity[1:].numpy()
    ways, drawn = (
        (request.inference,),
        Noise(named_perturbation(noise), counts.astype(np.int64), 0, 0),
    )
    clean = answers_each_way(request, ways, splits.test)
    sides = (
        lambda: rank_questions(model, splits.test, popularity),
        lambda: measure_noise(request, ways, splits.test, clean, drawn, draws=1),
    )
    times = [[user_seconds(side) for side in sides] for _ in range(repetitions)]
    return [min(column) for column in zip(*times, strict=True)]


if __name__ == "__main__":
    main()
