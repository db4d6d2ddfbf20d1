"""Numbers as reports write them."""

import math

import pytest

from miqrec.experiments.formatting import (
    MINUS,
    NOTHING,
    count,
    duration,
    memory,
    percent,
    probability,
    share,
    signed,
    with_deviation,
)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (share(0.04651), ".0465"),
        (share(1.0), "1.0000"),
        (share(-0.25), MINUS + ".2500"),
        (share(-0.00001), ".0000"),  # rounded to nothing, it has no sign
        (signed(0.0031), "+.0031"),
        (signed(-0.0031), MINUS + ".0031"),
        (signed(-0.00001), MINUS + ".0000"),
        (with_deviation(0.04, 0.003), ".0400 ± .0030"),
        (with_deviation(0.04, math.nan), ".0400"),
        (probability(0.0312), ".031"),
        (probability(0.0001), "<\N{NO-BREAK SPACE}.001"),
        (probability(1.0), "1"),
        (percent(-0.0726), MINUS + "7.3\N{NO-BREAK SPACE}%"),
        (percent(0.5), "+50.0\N{NO-BREAK SPACE}%"),
        (count(12606), "12,606"),
        (count(None), NOTHING),
        (duration(3.21), "3.2 s"),
        (duration(119), "2 min"),
        (duration(59.99), "60.0 s"),
        (duration(7500), "2 h 05 min"),
        (duration(None), NOTHING),
        (memory(512.4), "512 MiB"),
        (memory(1536), "1.5 GiB"),
        (memory(None), NOTHING),
    ],
)
def test_numbers_are_written_as_a_table_wants_them(written, text):
    assert written == text
