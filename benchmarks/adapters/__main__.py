"""Every framework's own SASRec, the same with MIQ-Attn, and with a late mixture, on Last.fm.

    python -m benchmarks.adapters                                 # makes environments, runs what is missing
    python -m benchmarks.adapters --frameworks rectools --seeds 1

A finished run is a line in `results/adapters/`; a command that was stopped goes on after the last one. The
table is printed at the end.
"""

import argparse
import sys
from itertools import product

from benchmarks.adapters.runs import FRAMEWORKS, SHARED, is_recorded, run
from benchmarks.adapters.settings import TRAINED
from benchmarks.adapters.table import table
from benchmarks.peers import environments


def main() -> None:
    """Run what is missing, one process at a time, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--frameworks", nargs="+", choices=FRAMEWORKS, default=list(FRAMEWORKS))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    for framework in options.frameworks:
        if framework not in SHARED:
            environments.make(framework)
        for seed, system in product(range(options.seeds), TRAINED):
            if not is_recorded(framework, system, seed):
                print(framework, system, seed, file=sys.stderr, flush=True)
                run(framework, system, seed)
    print(table())


if __name__ == "__main__":
    main()
