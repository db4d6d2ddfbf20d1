"""The size of a data set: users, items, interactions, and what is left of them for training."""

from dataclasses import dataclass

from miqrec.data.dataset import Dataset
from miqrec.data.held_out import HELD_OUT
from miqrec.data.split_config import SplitConfig


@dataclass(frozen=True)
class Statistics:
    """The size of a data set.

    Attributes:
        users, items, interactions: How many there are.
        training: The interactions that are left when two of each user are held out; None where a split
            by time, or by kind of event, holds out others.
    """

    users: int
    items: int
    interactions: int
    training: int | None

    def __str__(self) -> str:
        """Return one line for people, with the averages of the paper's Table 1.

        The paper leaves the two held-out items out of its averages for ML-1M (163.5 a user, where
        165.5 are there) and not for the others, so both are given.
        """
        text = (
            f"{self.users:,} users, {self.items:,} items, {self.interactions:,} interactions: "
            f"{self.interactions / self.users:.1f} a user, {self.interactions / self.items:.1f} an item"
        )
        if self.training is None:
            return text
        return (
            f"{text} ({self.training / self.users:.1f} and {self.training / self.items:.1f} "
            "without the two held-out items of each user)"
        )


def statistics(dataset: Dataset, config: SplitConfig | None = None) -> Statistics:
    """Count a data set.

    Args:
        dataset: The interactions.
        config: How it is split, by default leave-one-out.
    """
    sequences = dataset.sequences
    held_out = HELD_OUT * int((sequences.lengths > HELD_OUT).sum())
    holds_out_others = config is not None and (config.split == "time" or config.target_kinds)
    return Statistics(
        users=sequences.n_users,
        items=sequences.n_items,
        interactions=len(sequences.items),
        training=None if holds_out_others else len(sequences.items) - held_out,
    )
