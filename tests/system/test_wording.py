"""A sentence names settings as its reader types them."""

import polars as pl
import pytest

from commands import miqrec
from miqrec import MiqrecError, Recommender
from miqrec.system.wording import for_commands, setting


@pytest.mark.parametrize(
    ("name", "value", "in_python", "in_a_shell"),
    [
        ("min_user", 5, "min_user=5", "--min-user 5"),
        ("time", "when it was", 'time="when it was"', "--time 'when it was'"),
        ("exclude_seen", False, "exclude_seen=False", "--no-exclude-seen"),
    ],
)
def test_a_setting_is_written_for_python_and_for_a_shell(name, value, in_python, in_a_shell):
    assert setting(name, value) == in_python
    with for_commands():
        assert setting(name, value) == in_a_shell
    assert setting(name, value) == in_python


def test_a_missing_user_is_explained_to_each_in_their_words(tmp_path):
    log = pl.DataFrame({"user": ["a", "NA", ""], "item": ["x", "y", "z"]})
    log.write_csv(tmp_path / "log.csv")

    typed = miqrec("train", "--data", tmp_path / "log.csv", "--out", tmp_path / "run")

    assert "dropped by --missing drop" in typed.stderr
    with pytest.raises(MiqrecError, match='dropped by missing="drop"'):
        Recommender.fit(tmp_path / "log.csv", "markov")
