"""A package of models that can't be imported takes nothing away from the commands but its models."""

import os
import subprocess
import sys


def test_a_broken_package_is_one_warning_that_names_it(tmp_path):
    (tmp_path / "broken.py").write_text("import this_is_not_installed")
    about = tmp_path / "broken-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[miqrec.models]\nmine = broken\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])

    done = subprocess.run(
        [sys.executable, "-m", "miqrec", "train", "--help"],
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "300"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0
    assert "miq-sasrec" in done.stdout
    assert done.stderr.splitlines() == [
        "warning: the model 'mine' is in the package broken, which can't be imported "
        "(ModuleNotFoundError: No module named 'this_is_not_installed'); mend or uninstall that package"
    ]
