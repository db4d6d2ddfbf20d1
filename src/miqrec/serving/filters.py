"""Which items a list may hold, by their attributes."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Annotated, Any

import polars as pl
import polars.selectors as cs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
)

from miqrec.data.catalogue import Catalogue
from miqrec.errors import MiqrecError

Integer = Annotated[StrictInt, Field(ge=-(2**53), le=2**53)]
Float = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Value = StrictBool | Integer | Float | StrictStr


class Range(BaseModel):
    """From `min` to `max`, both included; either may be left out. Dates are text, such as 2026-11-28."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: Integer | Float | StrictStr | None = None
    max: Integer | Float | StrictStr | None = None


Condition = Range | Annotated[tuple[Value, ...], Strict(False)] | Value  # JSON has lists only
"""A range, several values of which one is to be there, or one value."""

Filters = Mapping[str, Condition]


def allowed(items: pl.DataFrame, filters: Filters) -> pl.Series:
    """Mark the items that meet all conditions, (n_items,) bool; one without a value meets none.

    Args:
        items: What `properties` gives.
        filters: Conditions by the names of the attributes.

    Raises:
        MiqrecError: There is no such attribute, or its values are of another type.
    """
    frame = items.with_columns(cs.numeric().cast(pl.Float64))  # one kind of numbers to compare
    conditions = [_meets(frame, name, condition) for name, condition in filters.items()]
    met = reduce(and_, conditions).fill_null(value=False)
    return frame.with_columns(met.alias("met"))["met"]


def properties(catalogue: Catalogue) -> pl.DataFrame:
    """Give what items can be filtered by, a column each: their properties, and all attributes in one."""
    frame = catalogue.frame
    own = frame["properties"].struct.unnest() if "properties" in frame else pl.DataFrame()
    return pl.DataFrame([*own.get_columns(), frame["attributes"]])


def _meets(frame: pl.DataFrame, name: str, condition: Condition) -> pl.Expr:
    if name not in frame.columns:
        raise MiqrecError(f"items have no attribute {name!r}; filter by {', '.join(frame.columns)}")
    if isinstance(condition, Range):
        return _within(frame, name, condition)
    values = list(condition) if isinstance(condition, tuple) else [condition]
    _check(frame, name, values)
    column = pl.col(name)
    if isinstance(frame.schema[name], pl.List):
        return pl.any_horizontal(pl.lit(value=False), *map(column.list.contains, values))
    return pl.any_horizontal(pl.lit(value=False), *(column == value for value in values))


def _within(frame: pl.DataFrame, name: str, limits: Range) -> pl.Expr:
    ends = [end for end in (limits.min, limits.max) if end is not None]
    _check(frame, name, ends)
    dtype = frame.schema[name]
    if isinstance(dtype, pl.List) or dtype == pl.Boolean:
        raise MiqrecError(
            f"the attribute {name!r} has no order, so it has no range; name its values"
        )
    met = pl.col(name).is_not_null()
    if limits.min is not None:
        met &= pl.col(name) >= limits.min
    if limits.max is not None:
        met &= pl.col(name) <= limits.max
    return met


def _check(frame: pl.DataFrame, name: str, values: Sequence[Value]) -> None:
    """See that the values are of the attribute's own type."""
    dtype = frame.schema[name]
    kind = dtype.inner if isinstance(dtype, pl.List) else dtype
    for value in values:
        if _word(kind) != _word_of(value):
            raise MiqrecError(
                f"the attribute {name!r} holds {_word(kind)}, so it can't be compared with {value!r}"
            )


def _word(dtype: Any) -> str:
    if dtype == pl.Boolean:
        return "true or false"
    return "numbers" if dtype.is_numeric() else "text"


def _word_of(value: Value) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "text" if isinstance(value, str) else "numbers"
