"""`miqrec stability` as it is typed: what it prints, writes and refuses, and that it goes on after a kill."""

import json
import shutil

import polars as pl
import pytest

from commands import miqrec
from miqrec import Recommender
from miqrec.data.encoding import build_dataset
from miqrec.data.open import DataConfig
from miqrec.runs.plan import plan_opened
from miqrec.runs.run import run
from miqrec.runs.settings import settings
from miqrec.stability import PERTURBATIONS, Perturbation, perturbed_log
from miqrec.stability.candidates import candidates
from worlds import cycle, frame, small


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two seeds of SASRec and one of MIQ-SASRec, and the file that they were trained on."""
    folder = tmp_path_factory.mktemp("study")
    frame(cycle()).write_csv(folder / "log.csv")
    for system, model, seed in [
        ("sasrec", "sasrec", 0),
        ("sasrec", "sasrec", 1),
        ("miq", "miq-sasrec", 0),
    ]:
        plan = small(model, cycle(), epochs=2, seed=seed)
        run(plan, folder / "runs" / system / f"seed-{seed}")
    return folder


def stability(world, *arguments, runs="runs"):
    return miqrec("stability", world / runs, "--data", world / "log.csv", "--draws", 2, *arguments)


def findings(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_systems_and_mixes_are_settings_averaged_over_their_seeds(world):
    found = findings(
        stability(world, "--mix", "1", "--mix", "0.6 0.4", "--noise", "random-added", "--json")
    )
    assert [(row["label"], row["seeds"]) for row in found["settings"]] == [
        ("miq", [0]),
        ("miq, mix .6 .4", [0]),
        ("sasrec", [0, 1]),
        ("sasrec, mix .6 .4", [0, 1]),
    ]
    by_key = {(row["setting"], row["noise"], row["metric"]): row for row in found["rows"]}
    assert by_key["sasrec", "another-seed", "FRBO@10"]["mean"] < 1
    assert ("miq", "another-seed", "FRBO@10") not in by_key  # it has a single seed
    newest, mixed = (by_key[s, "random-added", "FRBO@10"] for s in ("sasrec", "sasrec, mix .6 .4"))
    assert mixed["mean"] > newest["mean"]
    assert newest["low"] <= newest["mean"] <= newest["high"]
    assert by_key["sasrec", "random-added", "NDCG@10"]["share"] < 1


def test_all_systems_are_compared_with_the_baseline(world):
    typed = ("--noise", "newest-swapped", "--baseline", "sasrec", "--json")
    found = findings(stability(world, *typed))
    assert [
        (t["setting"], t["baseline"], t["noise"], t["metric"], t["seeds"]) for t in found["tests"]
    ] == [
        ("miq", "sasrec", "clean", "NDCG@10", 1),
        ("miq", "sasrec", "newest-swapped", "FRBO@10", 1),
        ("miq", "sasrec", "newest-swapped", "NDCG@10", 1),
    ]
    assert all(t["corrected"] >= t["p"] for t in found["tests"])

    done = stability(world, *typed[:3], "nobody")
    assert done.returncode == 2
    assert "there is no system 'nobody' among what is measured; choose one of miq; sasrec" in (
        done.stderr
    )


def test_a_system_that_was_trained_again_on_other_data_has_its_lists_compared_seed_by_seed(
    world, tmp_path
):
    log = perturbed_log(cycle(), Perturbation(kind="one-dropped"))
    plan = small("sasrec", build_dataset(log), epochs=2, seed=1)
    run(plan, tmp_path / "sasrec-again" / "seed-1")
    typed = ("--noise", "newest-swapped", "--baseline", "sasrec", "--json")
    done = stability(world, tmp_path / "sasrec-again", *typed)
    assert "this is not the data that the model was fitted on" in done.stderr
    rows = {
        (r["setting"], r["noise"]): r["mean"]
        for r in findings(done)["rows"]
        if r["metric"] == "FRBO@10"
    }
    assert 0 < rows["sasrec-again", "the-baseline"] < 1
    assert ("sasrec", "the-baseline") not in rows


def test_a_folder_gets_values_tables_figures_and_a_page(world, tmp_path):
    shares = [word for p in PERTURBATIONS if p.share for word in ("--noise", p.name)]
    done = stability(world, "--noise", "random-added", *shares, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    page = (out / "stability.md").read_text()
    assert "### Stability: a random item added at the end" in page
    assert "### Stability: 5 % of the items replaced" in page.replace("\N{NO-BREAK SPACE}", " ")
    for name in ("stability-shares", "stability-frontier"):
        assert (out / f"{name}.svg").read_text().startswith("<?xml")
        assert (out / f"{name}.png").stat().st_size > 1000
    assert "not drawn" not in done.stderr
    values = pl.read_parquet(out / "values/sasrec/seed-1/newest/random-added.parquet")
    assert values.columns == [
        "noise",
        "draw",
        "question",
        "user",
        "frbo",
        "jaccard",
        "rank",
        "clean_rank",
    ]
    assert values.height == 2 * 120
    clean = pl.read_parquet(out / "values/sasrec/seed-1/newest/clean.parquet")
    assert clean["list"].list.len().unique().to_list() == [10]


def test_what_a_killed_study_has_measured_is_not_measured_again(world, tmp_path):
    out, noises = tmp_path / "out", ("--noise", "random-added", "--noise", "one-dropped")
    whole = findings(stability(world, *noises, "--out", out, "--json"))

    place = out / "values/sasrec/seed-0/newest"
    kept = (place / "random-added.parquet").stat().st_mtime_ns
    (place / "one-dropped.parquet").unlink()  # as if it had been killed before this one
    shutil.rmtree(out / "values/sasrec/seed-1")
    again = findings(stability(world, *noises, "--out", out, "--json"))
    assert again == whole
    assert (place / "random-added.parquet").stat().st_mtime_ns == kept


def test_a_folder_takes_no_measurements_of_other_questions(world, tmp_path):
    out = tmp_path / "out"
    typed = ("--noise", "newest-dropped", "--out", out)
    done = stability(world, *typed)
    assert done.returncode == 0
    assert "not drawn: stability-shares (it needs noises with a share" in done.stderr
    page = (out / "stability.md").read_text()
    done = stability(world, *typed, "--users", 50, "--seed", 3)
    assert done.returncode == 2
    assert (
        "out holds measurements of miq (seed 0) for all users instead of 50 and with noise of seed 0 instead "
        "of 3; ask for the same, or choose a new folder for --out"
    ) in done.stderr
    assert (out / "stability.md").read_text() == page


def test_a_folder_of_a_choice_says_that_it_was_made_on_validation(world, tmp_path):
    typed = ("--noise", "newest-dropped", "--out", tmp_path / "out")
    assert stability(world, "--choose", "--mix", "1", *typed, runs="runs/miq").returncode == 0
    done = stability(world, *typed, runs="runs/miq")
    assert done.returncode == 2
    assert "holds measurements of miq (seed 0) on valid instead of test;" in done.stderr


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Two runs that only count, each of its own file."""
    folder = tmp_path_factory.mktemp("apart")
    for name, dataset in {"one": cycle(), "other": cycle(n_users=60)}.items():
        frame(dataset).write_csv(folder / f"{name}.csv")
        plan = plan_opened(
            dataset, DataConfig(source=str(folder / f"{name}.csv")), settings("popularity")
        )
        run(plan, folder / name)
    return folder


def test_runs_of_different_data_are_refused_before_any_is_measured(apart, tmp_path):
    one, other = apart / "one", apart / "other"
    typed = ("--noise", "newest-dropped", "--out", tmp_path / "out")
    done = miqrec("stability", one, other, *typed)
    assert done.returncode == 2
    assert "one (seed 0) and other (seed 0) can't be measured together" in done.stderr
    assert not (tmp_path / "out").exists()

    assert miqrec("stability", one, *typed).returncode == 0
    done = miqrec("stability", other, *typed)
    assert done.returncode == 2
    assert "measurements of one (seed 0) on other data, or with other items held out" in done.stderr
    assert miqrec("stability", one, *typed).returncode == 0


def test_data_with_no_item_that_the_model_knows_are_refused(apart, tmp_path):
    (tmp_path / "elsewhere.csv").write_text(
        frame(cycle()).with_columns(pl.col("item").cast(pl.String) + "x").write_csv()
    )
    done = miqrec("stability", apart / "one", "--data", tmp_path / "elsewhere.csv")
    assert done.returncode == 2
    assert "the model knows none of the held-out items" in done.stderr


def test_more_users_than_there_are_stand_for_all(apart):
    typed = ("--noise", "newest-dropped", "--users", 99999999, "--json")
    found = findings(miqrec("stability", apart / "one", *typed))
    assert (found["users"], found["asked"]["users"]) == (120, None)


def test_what_a_folder_lacks_of_other_runs_is_left_out_with_a_note(world, tmp_path):
    out = ("--out", tmp_path / "out", "--json")
    assert stability(world, "--noise", "random-added", *out).returncode == 0
    done = stability(world, "--noise", "newest-dropped", *out, runs="runs/sasrec/seed-0")
    assert "than is asked for: miq (seed 0), sasrec (seed 1); give these runs too" in done.stderr
    assert [(row["label"], row["seeds"]) for row in findings(done)["settings"]] == [("sasrec", [0])]


def test_a_run_that_a_killed_command_had_only_begun_is_left_out(world, tmp_path):
    out = tmp_path / "out"
    typed = ("--noise", "random-added", "--out", out, "--json")
    assert stability(world, *typed).returncode == 0
    for file in (out / "values/miq/seed-0/newest").glob("*.parquet"):
        file.unlink()
    done = stability(world, *typed, runs="runs/sasrec")
    assert "than is asked for: miq (seed 0); give these runs too" in done.stderr
    assert [row["label"] for row in findings(done)["settings"]] == ["sasrec"]


def test_a_page_that_somebody_else_wrote_stays(world, tmp_path):
    (tmp_path / "stability.md").write_text("# My notes\n")
    done = stability(world, "--noise", "newest-dropped", "--out", tmp_path)
    assert done.returncode == 2
    assert "stability.md was not written by `miqrec stability`" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["stability.md"]


@pytest.mark.parametrize("choosing", [(), ("--choose",)])
def test_a_file_in_the_place_of_the_folder_is_seen_before_data_are_read(world, tmp_path, choosing):
    (tmp_path / "out").touch()
    done = stability(world, *choosing, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "out is a file, and --out names a folder" in done.stderr
    assert "read " not in done.stderr


@pytest.mark.parametrize("wrong", [("--baseline", "nobody"), ("--against", "twins")])
def test_nothing_is_measured_for_a_command_that_is_refused(world, tmp_path, wrong):
    done = stability(world, "--noise", "newest-dropped", "--out", tmp_path / "out", *wrong)
    assert done.returncode == 2
    assert not (tmp_path / "out").exists()


def test_mixtures_that_round_to_one_name_are_told_apart(world, tmp_path):
    mixes = ("--mix", "0.33333333 0.66666667", "--mix", "0.33333334 0.66666666")
    typed = (*mixes, "--noise", "newest-dropped", "--out", tmp_path / "out", "--json")
    found = findings(stability(world, *typed, runs="runs/miq"))
    assert [row["label"] for row in found["settings"]] == [
        "miq, mix 0.33333333 0.66666667 at temperature 1.0, all seen items left out",
        "miq, mix 0.33333334 0.66666666 at temperature 1.0, all seen items left out",
    ]
    first, second = (row["name"] for row in found["settings"])
    assert first == "mix-0.333333-0.666667"
    assert second.startswith("mix-0.333333-0.666667-")
    assert findings(stability(world, *typed, runs="runs/miq")) == found


def test_a_saved_model_is_measured_too_and_a_sample_of_users_is_enough(world):
    typed = ("--noise", "random-added", "--users", 30, "--split", "valid", "--json")
    found = findings(stability(world, *typed, runs="runs/miq/seed-0/artifact"))
    assert (found["users"], found["asked"]["part"]) == (30, "valid")
    assert [row["system"] for row in found["settings"]] == ["artifact"]


@pytest.fixture(scope="module")
def competing(world):
    """SASRec beside an ensemble of its two seeds, and beside each seed with thinned-out copies."""
    against = ("--against", "ensemble-2", "--against", "copies-0.5", "--noise", "random-added")
    return findings(stability(world, *against, "--json", runs="runs/sasrec"))


def test_competitors_are_measured_beside_the_models(competing):
    assert [(row["system"], row["seeds"]) for row in competing["settings"]] == [
        ("sasrec", [0, 1]),
        ("sasrec-ensemble-2", [0]),
        ("sasrec-copies-0.5", [0, 1]),
    ]


def test_an_ensemble_is_compared_with_all_seeds_and_not_with_the_one_of_its_number(competing):
    means = {
        (row["setting"], row["noise"], row["metric"]): row["mean"] for row in competing["rows"]
    }
    tests = {(test["setting"], test["noise"], test["metric"]): test for test in competing["tests"]}
    key = "random-added", "FRBO@10"
    together, thinned = (tests[f"sasrec-{name}", *key] for name in ("ensemble-2", "copies-0.5"))
    gain = means["sasrec-ensemble-2", *key] - means["sasrec", *key]
    assert (together["difference"], together["seeds"]) == (pytest.approx(gain), 0)
    assert thinned["seeds"] == 2
    compared = {setting for setting, noise, _ in means if noise == "the-baseline"}
    assert compared == {"sasrec-copies-0.5"}


CHOOSING = ("--choose", "--mix", "1", "--mix", "0.8 0.2", "--mix", "0.34 0.33 0.33")


def test_the_steadiest_mixture_that_is_accurate_enough_is_chosen_for_each_system(world):
    miq, sasrec = findings(stability(world, *CHOOSING, "--trade", 0.2, "--json"))
    assert [miq["system"], sasrec["system"]] == ["miq", "sasrec"]
    for choice in (miq, sasrec):
        best = max(candidate["clean"] for candidate in choice["candidates"])
        for candidate in choice["candidates"]:  # noise is measured where accuracy allows a choice
            assert (candidate["frbo"] is not None) == (candidate["clean"] >= 0.8 * best)
        steadiest = max(choice["candidates"], key=lambda candidate: candidate["frbo"] or 0)
        assert choice["chosen"] == steadiest["inference"]
        assert [len(candidate["inference"]["mix"]) for candidate in choice["candidates"]] == [
            1,
            2,
            3,
        ]


def test_what_is_typed_twice_counts_once(world):
    mixes = ("--mix", "0.6 0.4", "--mix", "0.60 0.40")
    noises = ("--noise", "share-replaced-0.5", "--noise", "share-replaced-0.50")
    found = findings(stability(world, *mixes, *noises, "--json", runs="runs/miq"))
    assert [row["label"] for row in found["settings"]] == ["miq, mix .6 .4"]
    assert found["noises"] == ["share-replaced-0.5"]

    (choice,) = findings(stability(world, "--choose", *mixes, *noises, "--json", runs="runs/miq"))
    assert [candidate["inference"]["mix"] for candidate in choice["candidates"]] == [[0.6, 0.4]]


def test_a_model_that_only_counts_has_no_mixture_to_choose(world, tmp_path):
    run(small("popularity", cycle()), tmp_path / "popularity")
    done = stability(world, tmp_path / "popularity", "--choose", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "popularity holds a model that only counts" in done.stderr
    assert not (tmp_path / "out").exists()


def test_everything_may_be_given_up_for_steadiness_or_nothing(world):
    (free,) = findings(stability(world, *CHOOSING, "--trade", 1, "--json", runs="runs/miq"))
    assert free["chosen"]["mix"] == [0.34, 0.33, 0.33]
    (none,) = findings(stability(world, *CHOOSING, "--trade", 0, "--json", runs="runs/miq"))
    best = max(none["candidates"], key=lambda candidate: candidate["clean"])
    assert none["chosen"] == best["inference"]


def test_a_choice_is_saved_when_told_to_and_every_command_goes_by_it(world, tmp_path):
    shutil.copytree(world / "runs/miq", tmp_path / "miq")
    folder = tmp_path / "miq/seed-0"
    typed = (folder, "--data", world / "log.csv")

    def saved():
        return json.loads((folder / "artifact/config.json").read_text())["inference"]["mix"]

    miqrec("stability", *typed, "--draws", 1, *CHOOSING, "--trade", 1)
    assert saved() is None
    plain = miqrec("evaluate", *typed, "--json").stdout
    done = miqrec("stability", *typed, "--draws", 1, *CHOOSING, "--trade", 1, "--save")
    assert done.returncode == 0, done.stderr
    assert "is used as chosen from now on" in done.stderr
    assert "stay those of its training; `miqrec evaluate RUN` has the new ones" in done.stderr
    assert "| **mix .34 .33 .33** |" in done.stdout
    assert saved() == [0.34, 0.33, 0.33]
    assert miqrec("evaluate", *typed, "--json").stdout != plain
    found = findings(miqrec("stability", *typed, "--noise", "newest-swapped", "--json"))
    assert [row["label"] for row in found["settings"]] == ["miq, mix .34 .33 .33"]


def test_a_model_trained_by_bce_gets_a_temperature_with_its_mixture(world, tmp_path):
    for seed in (0, 1):
        plan = small("sasrec", cycle(), epochs=2, loss="bce", seed=seed)
        run(plan, tmp_path / "bce" / f"seed-{seed}")
    typed = (tmp_path / "bce", "--data", world / "log.csv", "--draws", 1)

    done = miqrec("stability", *typed, "--mix", "0.6 0.4", "--noise", "newest-swapped")
    assert done.returncode == 2
    assert "`miqrec stability RUN --choose --save` keeps one" in done.stderr

    (choice,) = findings(
        miqrec("stability", *typed, "--choose", "--mix", "0.6 0.4", "--save", "--json")
    )
    temperature = choice["chosen"]["temperature"]
    fitted = [
        Recommender.load(tmp_path / "bce" / f"seed-{seed}").fit_temperature(
            data=frame(cycle()), mix="1"
        )
        for seed in (0, 1)
    ]
    assert min(fitted) < temperature < max(fitted)
    assert miqrec("evaluate", typed[0] / "seed-0", *typed[1:3], "--json").returncode == 0


def test_without_mixtures_to_choose_from_there_is_a_list_of_families(world, tmp_path):
    typed = ("--choose", "--users", 40, "--draws", 1, "--out", tmp_path / "out", "--json")
    (choice,) = findings(stability(world, *typed, runs="runs/miq"))
    mixes = [tuple(candidate["inference"]["mix"]) for candidate in choice["candidates"]]
    assert mixes == candidates(10)
    assert json.loads((tmp_path / "out/choice.json").read_text()) == [choice]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--noise", "loud"), "there is no noise 'loud'; name one of random-added"),
        (("--noise", "share-replaced-2"), "there is no noise 'share-replaced-2'"),
        (("--mix", "0.6 0.6"), "the weights sum to 1.2"),
        (("--mix", "trained"), "was not trained with a mixture"),
        (("--mix", ""), "'' is not a row of weights"),
        (("--draws", 0), "'--draws': Input should be greater than or equal to 1"),
        (("--seed", -1), "'--seed': Input should be greater than or equal to 0"),
        (("--users", 1), "1 users are too few"),
        (
            ("--choose", "--against", "ensemble-2"),
            "a choice compares no systems; leave --against out",
        ),
        (("--choose", "--split", "test"), "chosen on the test split can't be judged by it"),
        (("--choose", "--baseline", "sasrec"), "leave --baseline out"),
        (("--save",), "--trade and --save belong to --choose"),
        (("--trade", 0.05), "--trade and --save belong to --choose"),
    ],
)
def test_bad_input_is_explained_in_one_sentence(world, arguments, message):
    done = stability(world, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_two_runs_of_one_name_are_told_apart_or_refused(world, tmp_path):
    shutil.copytree(world / "runs/sasrec", tmp_path / "sasrec")
    done = stability(world, tmp_path / "sasrec")
    assert done.returncode == 2
    assert "are both called sasrec, with seed 0; rename the folder of one" in done.stderr
