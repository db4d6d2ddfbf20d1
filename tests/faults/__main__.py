"""`python -m faults`: try cases, and end with a table of what they came to."""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from faults import room
from faults.cases import GOOD, Case
from faults.children import bring_in
from faults.disks import disk_cases
from faults.kills import kill_cases
from faults.mutations import mutation_cases
from faults.records import Record, bad, read_records, write_record
from faults.stores import store_cases
from faults.table import to_markdown

DRIVERS = {
    "kills": kill_cases,
    "mutations": mutation_cases,
    "disks": disk_cases,
    "stores": store_cases,
}


def main() -> None:
    """Try what was asked for; the exit code is 1 if anything came to a bad end."""
    asked = _arguments()
    room.move_in()  # before the imports, which look up where the cache is
    try:
        bring_in()
        records = list(_tried(asked))
    finally:
        room.move_out()
    print(to_markdown(records))
    sys.exit(1 if bad(records) else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m faults", description=main.__doc__)
    parser.add_argument(
        "drivers", nargs="*", help="kills, mutations, disks, stores; by default all"
    )
    parser.add_argument("--seed", type=int, default=0, help="draws other cases")
    parser.add_argument("--share", type=float, default=1.0, help="of the cases, for a short run")
    parser.add_argument("--case", help="try this case alone, by its name")
    parser.add_argument(
        "--log", type=Path, help="a file of the cases tried; it goes on with those left"
    )
    asked = parser.parse_args()
    asked.log = asked.log and asked.log.absolute()  # the room is entered
    return asked


def _tried(asked: argparse.Namespace) -> Iterator[Record]:
    done = read_records(asked.log) if asked.log else {}
    for case in _cases(asked):
        yield done.get(case.name) or _try(case, asked)


def _cases(asked: argparse.Namespace) -> Iterator[Case]:
    drivers = [asked.case.split("/")[0]] if asked.case else asked.drivers or DRIVERS
    cases = chain.from_iterable(DRIVERS[driver](asked.seed, asked.share) for driver in drivers)
    return (case for case in cases if asked.case in (None, case.name))


def _try(case: Case, asked: argparse.Namespace) -> Record:
    began = time.monotonic()
    verdict = case.attempt()
    record = write_record(asked.log or Path("/dev/null"), case, verdict, time.monotonic() - began)
    if asked.case or record.outcome not in GOOD:
        again = f"python -m faults --seed {asked.seed} --share {asked.share} --case '{case.name}'"
        print(f"{case.name}: {record.outcome}: {record.seen}\n    {again}", flush=True)
    return record


if __name__ == "__main__":
    main()
