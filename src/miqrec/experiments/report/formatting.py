"""How reports write numbers: .0465, +.0031, 2 h 05 min."""

import math

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"


def share(value: float, digits: int = 4) -> str:
    """A number between -1 and 1 without its leading zero."""
    text = f"{abs(value):.{digits}f}".removeprefix("0")
    return MINUS + text if value < 0 and float(text) else text


def signed(value: float, digits: int = 4) -> str:
    """The same with its sign, which a bound too small to show keeps: −.0000 is on the other side of 0."""
    return (MINUS if value < 0 else "+") + share(abs(value), digits)


def with_deviation(mean: float, deviation: float) -> str:
    """Mean and standard deviation; the mean alone where one seed tells of no deviation."""
    return share(mean) if math.isnan(deviation) else f"{share(mean)} ± {share(deviation)}"


def probability(p: float) -> str:
    """A p value: .031, or < .001, which no line's end parts."""
    return "<\N{NO-BREAK SPACE}.001" if p < 0.001 else share(p, 3) if p < 0.9995 else "1"


def percent(value: float) -> str:
    """A share as a signed percentage, which no line's end parts from its sign: -7.3 %."""
    sign = MINUS if value < 0 else "+"
    return f"{sign}{abs(value):.1%}".replace("%", "\N{NO-BREAK SPACE}%")


def count(number: int | None) -> str:
    """A whole number with its thousands apart."""
    return NOTHING if number is None else f"{number:,}"


def memory(mebibytes: float | None) -> str:
    """MiB in the unit that a person would choose."""
    if mebibytes is None:
        return NOTHING
    return f"{mebibytes:.0f} MiB" if mebibytes < 1000 else f"{mebibytes / 1024:.1f} GiB"


def duration(seconds: float | None) -> str:
    """Seconds in the unit that a person would choose."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
