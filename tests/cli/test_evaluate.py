"""`miqrec evaluate` on data that a model has not seen."""

import json

from commands import miqrec


def test_a_model_that_was_fitted_on_everything_is_evaluated_on_what_is_later(tmp_path):
    rows = [
        f"{user},{(user + day) % 9},2024-05-{day:02}" for user in range(4) for day in range(1, 9)
    ]
    log, later = tmp_path / "log.csv", tmp_path / "later.csv"
    log.write_text("\n".join(["user,item,time", *rows]), encoding="utf-8")
    later.write_text("user,item,time\n0,8,2024-05-08\n0,0,2024-05-09\n", encoding="utf-8")
    run = tmp_path / "run"
    trained = miqrec("train", "--data", log, "--model", "markov", "--final", "--out", run)
    assert trained.returncode == 0, trained.stderr

    done = miqrec("evaluate", run / "final", "--data", later, "--json")
    nothing = miqrec("evaluate", run / "final")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["questions"] == 1
    assert nothing.returncode == 2
    assert "no interaction is later than 2024-05-08" in nothing.stderr


def test_a_run_finds_its_data_from_another_folder(tmp_path, monkeypatch):
    log = "user,item\n" + "".join(f"{user},{item}\n" for user in range(3) for item in "abcd")
    (tmp_path / "log.csv").write_text(log, encoding="utf-8")
    titles = "item,title\n" + "".join(f"{item},Title {item}\n" for item in "abcd")
    (tmp_path / "items.csv").write_text(titles, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    data = ("--data", "log.csv", "--items", "items.csv")
    trained = miqrec("train", *data, "--model", "markov", "--out", "run")
    assert trained.returncode == 0, trained.stderr

    monkeypatch.chdir(tmp_path / "elsewhere")
    done = miqrec("evaluate", "../run")

    assert done.returncode == 0, done.stderr
    assert miqrec("train", "--out", "../run", "--resume").returncode == 0
