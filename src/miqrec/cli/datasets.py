"""`miqrec datasets`: the data sets that miqrec knows by name."""

from dataclasses import asdict

from miqrec.cli.options import DataDir, Json
from miqrec.cli.output import print_json
from miqrec.data.datasets import describe


def datasets(data_dir: DataDir = None, json: Json = False) -> None:
    """List the named data sets: sizes, sources, licences, and where each is found.

    Example: miqrec datasets --data-dir data/
    """
    rows = describe(data_dir)
    if json:
        print_json([asdict(row) for row in rows])
        return
