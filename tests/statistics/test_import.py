"""The package is public, and imported where statsmodels is missing."""

import subprocess
import sys

import miqrec.statistics

WITHOUT = """
import sys
sys.modules["statsmodels"] = None
import numpy as np
from miqrec.errors import MiqrecError
from miqrec.statistics import *

print(bootstrap_interval(np.ones((1, 2)), np.zeros((1, 2))))
try:
    holm([0.01, 0.02])
except MiqrecError as error:
    print(error)
"""


def test_without_statsmodels_what_needs_it_says_how_to_get_it():
    lines = subprocess.check_output([sys.executable, "-c", WITHOUT], text=True).splitlines()

    assert lines == [
        "(1.0, 1.0)",
        "this needs statsmodels, which is not installed: pip install 'miqrec[experiments]'",
    ]


def test_all_that_is_promised_is_there():
    assert all(hasattr(miqrec.statistics, name) for name in miqrec.statistics.__all__)
