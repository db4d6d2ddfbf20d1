"""Kinds of event in settings and in data: how they are read, weighed, and refused."""

import numpy as np
import pytest
from pydantic import ValidationError

from miqrec.data.kind_names import check_kinds, read_kind_weights, read_kinds, write_kind_weights
from miqrec.data.kinds import Kinds
from miqrec.data.split_config import SplitConfig
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.training.config import TrainingConfig

EVENTS = Kinds(np.array([0, 1, -1, 0], np.int16), ("view", "purchase"))


def test_an_event_without_a_kind_is_of_none():
    assert EVENTS.are_among(["purchase"]).tolist() == [False, True, False, False]
    assert EVENTS.are_among(["view", "purchase"]).tolist() == [True, True, False, True]


def test_a_kind_without_a_weight_and_an_event_without_a_kind_weigh_1():
    assert EVENTS.weights({"view": 0.25}).tolist() == [0.25, 1, 1, 0.25]


@pytest.mark.parametrize("given", ["add to cart, purchase", ("add to cart", "purchase")])
def test_kinds_are_read_from_text_and_lists(given):
    assert read_kinds(given) == ("add to cart", "purchase")
    assert SplitConfig(target_kinds=given).target_kinds == ("add to cart", "purchase")
    assert InferenceConfig(exclude_seen=given).exclude_seen == ("add to cart", "purchase")


@pytest.mark.parametrize("given", ["", "cart,,view", (), 3])
def test_no_kind_is_refused(given):
    with pytest.raises(ValueError, match="names no kind of event"):
        read_kinds(given)


@pytest.mark.parametrize(
    "text", ["view=.1 add to cart=0.5 buy=1", "view=.1, add to cart=0.5,buy=1"]
)
def test_weights_are_read_by_kind(text):
    assert read_kind_weights(text) == {"view": 0.1, "add to cart": 0.5, "buy": 1}


def test_weights_may_be_a_dictionary_in_python():
    assert TrainingConfig(kind_weights={"view": 0.1, "buy": 2}).kind_weights == "view=0.1 buy=2"
    assert read_kind_weights(write_kind_weights({"view": 0.1})) == {"view": 0.1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("view", "gives no weights to kinds"),
        ("view=cheap", "gives no weights to kinds"),
        ("view=1 and buy", "gives no weights to kinds"),
        ("", "gives no weights to kinds"),
        ("view=1 view=2", "weighs a kind twice"),
        ("view=-1", "below 0 or not finite"),
        ("view=nan", "below 0 or not finite"),
    ],
)
def test_what_are_no_weights_is_refused(text, reason):
    with pytest.raises(ValidationError, match=reason):
        TrainingConfig(kind_weights=text)


def test_an_unknown_kind_is_refused_with_those_that_there_are():
    with pytest.raises(MiqrecError, match=r"no kind 'buy'; the kinds are view, purchase"):
        check_kinds(["view", "buy"], ("view", "purchase"), "targets are chosen")
    with pytest.raises(MiqrecError, match=r"the data have no kinds; name the column"):
        check_kinds(["buy"], (), "targets are chosen")
