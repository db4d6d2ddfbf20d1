"""The conclusion: a few sentences that say what the tests say, and no more."""

import shutil
from itertools import product

import polars as pl
import pytest

from miqrec.experiments.report.comparisons import compare_pairs
from miqrec.experiments.report.conclusion import conclude
from miqrec.experiments.report.results import read_results
from studies import compared, write_run, write_study


def told(folder):
    results = read_results(folder)
    return conclude(results, compare_pairs(results))


def test_what_is_better_is_said_with_amount_and_interval(tmp_path):
    text = told(compared(tmp_path, miq=0.9, sasrec=0.1))

    assert text.startswith("Beyond luck, MIQ_F is better than SASRec_F in ")
    assert "95 % interval +" in text
    assert "All 2 tested differences have a corrected p below .05." in text


def test_what_is_worse_is_said_as_plainly(tmp_path):
    text = told(compared(tmp_path, miq=0.1, sasrec=0.9))

    assert text.startswith("Beyond luck, MIQ_F is worse than SASRec_F in ")


def test_with_a_single_seed_nothing_is_said_of_seeds(tmp_path):
    folder = compared(tmp_path, miq=0.9, sasrec=0.1)
    assert "how much seeds matter" not in told(folder)
    shutil.rmtree(folder / "miq" / "seed-1")

    text = told(folder)

    assert text.startswith("Beyond luck, MIQ_F is better than SASRec_F in ")
    assert "; how much seeds matter is unknown for MIQ_F, with a single one." in text


def test_what_could_be_luck_is_not_called_better_or_worse(tmp_path):
    text = told(compared(tmp_path, miq=0.5, sasrec=0.5))

    assert text.startswith("None of the 2 tested differences can be told from luck")
    assert "better" not in text
    assert "worse" not in text
    assert "With 40 users and 2 seeds a true difference below" in text


def test_a_difference_whose_interval_holds_0_is_not_called_beyond_luck(tmp_path):
    results = read_results(compared(tmp_path))
    clear, unclear = compare_pairs(results)
    unclear = unclear._replace(corrected=0.4)
    text = conclude(results, [clear._replace(low=-0.1), unclear])

    assert text.startswith("With these seeds MIQ_F is better than SASRec_F in NDCG@10 (")
    assert "other seeds may end otherwise, since the interval over users and seeds holds 0." in text
    assert "eyond luck" not in text
    assert "The other 1 of 2 tested differences could be luck" in text


def test_a_single_seed_does_not_hide_that_other_seeds_may_end_otherwise(tmp_path):
    folder = compared(tmp_path, miq=0.9, sasrec=0.1)
    shutil.rmtree(folder / "miq" / "seed-1")
    results = read_results(folder)
    clear, other = compare_pairs(results)

    text = conclude(results, [clear._replace(low=-0.1), other])

    beyond_luck, with_these_seeds = text.split("With these seeds ")
    assert beyond_luck.startswith("Beyond luck, MIQ_F is better than SASRec_F in HR@10 (")
    assert with_these_seeds.startswith("MIQ_F is better than SASRec_F in NDCG@10 (")
    assert text.count("how much seeds matter is unknown for MIQ_F, with a single one.") == 2


@pytest.mark.parametrize(
    ("best", "said"), [((8, 16), "it grows steadily"), ((16, 8), "it does not grow steadily")]
)
def test_a_grid_tells_how_the_best_size_goes_with_the_window(tmp_path, best, said):
    for window, best_dim in zip((1, 3), best, strict=True):
        for dim in (8, 16):
            ranks = [1, 1, 100] if dim == best_dim else [1, 100, 100]
            folder = tmp_path / f"w{window}-d{dim}"
            write_run(folder, ranks, "miq-sasrec", window=window, dim=dim)

    text = conclude(read_results(tmp_path), [])
    assert "Of 4 points the best HR@10, .6667" in text
    assert f"The best size by window is {best[0]} for 1, {best[1]} for 3: {said}" in text


def test_a_grid_whose_best_size_is_at_the_edge_says_so(tmp_path):
    for window, dim in product((1, 3), (8, 16)):
        ranks = [1, 1, 100] if dim == 16 else [1, 100, 100]
        write_run(tmp_path / f"w{window}-d{dim}", ranks, "miq-sasrec", window=window, dim=dim)

    text = conclude(read_results(tmp_path), [])
    assert "The best size is 16 for every window, the largest that was tried." in text


@pytest.mark.parametrize(
    ("finished", "said"),
    [(4, "change places."), (3, "change places, and 1 of 4 runs were best in their last epoch.")],
)
def test_a_grid_tells_how_many_had_not_learnt_all(tmp_path, finished, said):
    learnt_all = pl.DataFrame({"epoch": [1, 2, 3], "NDCG@10": [0.1, 0.2, 0.1]})
    for number, (window, dim) in enumerate(product((1, 3), (8, 16))):
        folder = tmp_path / f"w{window}-d{dim}"
        write_run(folder, [1, 100], "miq-sasrec", window=window, dim=dim)
        if number < finished:
            learnt_all.write_csv(folder / "history.csv")

    assert conclude(read_results(tmp_path), []).endswith(said)


def test_without_a_pair_nothing_is_claimed(tmp_path):
    write_study(tmp_path)
    write_run(tmp_path / "miq" / "seed-0", [1, 100], "miq-sasrec")

    assert "Nothing was tested" in told(tmp_path)


def test_of_a_single_run_its_score_is_told(tmp_path):
    write_run(tmp_path / "miq", [1, 100])

    assert told(tmp_path) == "The test NDCG@10 of miq is .5000, with one seed."
