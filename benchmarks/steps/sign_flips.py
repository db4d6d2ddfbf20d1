"""Times the sign-flip test beside SciPy's `permutation_test`, whose p it has.

    PYTHONPATH=src:. python -m benchmarks.steps.sign_flips [--users 22363]

Each user has a difference drawn from a normal distribution, so none is left out. The command prints the
seconds of one core's time that both take for 10,000 flips, and their p values.
"""

import argparse
from functools import partial

import numpy as np
from scipy.stats import permutation_test

from benchmarks.steps.mixture import user_seconds
from miqrec.statistics import sign_flip_test
from miqrec.statistics.significance import CHUNK, DRAWS
from miqrec.statistics.values import Values


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=22_363)
    differences = np.random.default_rng(0).normal(size=parser.parse_args().users)
    print("| | seconds | p |\n|---|---|---|")
    for name, test in (("SciPy", scipy_test), ("miqrec", sign_flip_test)):
        seconds = user_seconds(partial(test, differences))
        print(f"| {name} | {seconds:.2f} | {test(differences):.4f} |", flush=True)


def scipy_test(differences: Values) -> float:
    """Return SciPy's p from the same flips."""
    test = permutation_test(
        (differences,),
        lambda flipped, axis: np.abs(flipped.mean(axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=DRAWS,
        batch=max(1, CHUNK // len(differences)),
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


if __name__ == "__main__":
    main()
