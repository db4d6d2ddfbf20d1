"""How numbers are written for people: .0465, +.0031, 2 h 05 min."""

import math

MINUS = "\N{MINUS SIGN}"

NOTHING = "\N{EN DASH}"
"""Stands for a number that there is not."""


def share(value: float, digits: int = 4) -> str:
    """Write a number between -1 and 1 without its leading zero: .0465."""
    text = f"{abs(value):.{digits}f}".removeprefix("0")
    return MINUS + text if value < 0 and float(text) else text


def signed(value: float, digits: int = 4) -> str:
    """Write a difference with its sign, which one that is too small to show keeps: −.0000 is below 0."""
    return (MINUS if value < 0 else "+") + share(abs(value), digits)


def with_deviation(mean: float, deviation: float) -> str:
    """Write a mean and its standard deviation; the mean alone where a single seed has no deviation."""
    return share(mean) if math.isnan(deviation) else f"{share(mean)} ± {share(deviation)}"


def probability(p: float) -> str:
    """Write a p value: .031, or < .001, whose parts stay on one line."""
    return "<\N{NO-BREAK SPACE}.001" if p < 0.001 else share(p, 3) if p < 0.9995 else "1"


def percent(value: float) -> str:
    """Write a share as a percentage with its sign: −7.3 %, whose parts stay on one line."""
    return (MINUS if value < 0 else "+") + percentage(abs(value))


def percentage(value: float) -> str:
    """Write a share as a percentage: 7.3 %."""
    return f"{value:.1%}".replace("%", "\N{NO-BREAK SPACE}%")


def count(number: int | None) -> str:
    """Write a whole number with its thousands apart: 6,040."""
    return NOTHING if number is None else f"{number:,}"


def memory(mebibytes: float | None) -> str:
    """Write an amount of memory in a unit that people would choose: 700 MiB, 1.4 GiB."""
    if mebibytes is None:
        return NOTHING
    return f"{mebibytes:.0f} MiB" if mebibytes < 1000 else f"{mebibytes / 1024:.1f} GiB"


def duration(seconds: float | None) -> str:
    """Write a time in a unit that people would choose: 42.0 s, 5 min, 2 h 05 min."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
