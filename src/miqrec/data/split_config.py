"""How a data set is split into what is trained on and what is asked."""

from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from miqrec.config import Config
from miqrec.data.kind_names import read_kinds
from miqrec.system.wording import setting

Held = Literal["valid", "test"]
"""The parts that are held out."""

QuestionsAsked = Literal["every", "first"]
"""Whether a split by time asks for every interaction, or for each user's first."""

SHARE = 0.1
"""The share of interactions that validation and test get each, where a split by time is given no moments."""


class SplitConfig(Config):
    """How items are held out."""

    split: Literal["leave-one-out", "time"] = "leave-one-out"
    """Hold out each user's last two items, or all that happened after two moments."""
    valid_from: str | None = None
    """The moment at which validation begins: an ISO date such as 2024-05-01, or a number as in the data."""
    test_from: str | None = None
    """The moment at which test begins."""
    valid_share: float | None = Field(None, gt=0, lt=1)
    """The share of interactions for validation instead of moments; 0.1 if neither is given."""
    test_share: float | None = Field(None, gt=0, lt=1)
    """The share of the newest interactions for test; 0.1 if neither is given."""
    questions: QuestionsAsked = "every"
    """Of a split by time: ask for every interaction after the moment, or for each user's first."""
    target_kinds: tuple[str, ...] | None = None
    """The kinds of event that are predicted and asked for, such as "purchase" or "cart, purchase"; the others
    are read in histories all the same. Default: all of them."""

    @field_validator("valid_from", "test_from", mode="before")
    @classmethod
    def _moments_may_be_dates_and_numbers(cls, moment: Any) -> Any:
        if isinstance(moment, date):
            return moment.isoformat()
        return str(moment) if isinstance(moment, int | float) else moment

    @field_validator("target_kinds", mode="before")
    @classmethod
    def _read_target_kinds(cls, kinds: object) -> object:
        return None if kinds is None else read_kinds(kinds)

    @model_validator(mode="after")
    def _options_fit_the_split(self) -> Self:
        moments, shares = (self.valid_from, self.test_from), (self.valid_share, self.test_share)
        by_time = (
            any(value is not None for value in (*moments, *shares)) or self.questions != "every"
        )
        if self.split == "leave-one-out" and by_time:
            raise ValueError(
                "valid_from, test_from, valid_share, test_share and questions belong to a split by time; "
                f"give {setting('split', 'time')} too"
            )
        if any(moments) and any(shares):
            raise ValueError("give the moments of the split or its shares, not both")
        if any(moments) and not all(moments):
            raise ValueError("give both moments, valid_from and test_from, or neither")
        if sum(share or SHARE for share in shares) >= 1:
            raise ValueError(
                "valid_share and test_share leave nothing to train on; give less than 1 together"
            )
        return self
