"""Kept measurements survive a kill, and belong to one version of the code."""

from pathlib import Path

from benchmarks.harness.kept import append, code_version, lines


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert list(lines(tmp_path / "state.jsonl")) == []


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "state.jsonl"
    append(file, {"size": 1})
    file.write_text(file.read_text() + '{"size": ')
    append(file, {"size": 3})
    assert list(lines(file)) == [{"size": 1}, {"size": 3}]


def test_the_version_changes_with_the_code_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1")
    before = code_version(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "report.py").write_text("no measurement runs through this")
    assert code_version(tmp_path) == before
    (tmp_path / "a.py").write_text("x = 2")
    assert code_version(tmp_path) != before
