"""What a run remembers of its process."""

import pytest

from miqrec.environment import environment


@pytest.mark.parametrize("program", ["/usr/bin/miqrec", "/src/miqrec/__main__.py"])
def test_the_command_can_be_pasted(program, monkeypatch):
    monkeypatch.setattr("sys.argv", [program, "train", "--data", "my log.csv"])
    assert environment().command == "miqrec train --data 'my log.csv'"
