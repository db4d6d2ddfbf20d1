"""What a researcher brings to `Recommender.fit`, and what it leaves."""

from datetime import date

import lightning.pytorch as lightning
import polars as pl
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger

from miqrec import MiqrecError, Recommender
from worlds import cycle, frame

SMALL = {"dim": 8, "n_heads": 1, "n_layers": 1, "max_length": 10, "epochs": 2, "batch_size": 32}


def sgd(parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.05)


def halving(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    return torch.optim.lr_scheduler.StepLR(optimizer, max(1, steps // 2), 0.5)


def test_the_history_has_a_row_an_epoch():
    rec = Recommender.fit(cycle(), "sasrec", **SMALL)

    assert rec.history["epoch"].to_list() == [1, 2]
    assert {"loss", "NDCG@10", "seconds"} <= set(rec.history.columns)
    assert Recommender.fit(cycle(), "popularity").history is None


def test_callbacks_and_loggers_see_every_epoch(tmp_path):
    class Count(Callback):
        epochs = 0

        def on_train_epoch_end(self, trainer: lightning.Trainer, _: object) -> None:
            self.epochs += 1

    count, logger = Count(), CSVLogger(tmp_path, name="", version="")
    Recommender.fit(cycle(), "sasrec", callbacks=[count], logger=logger, **SMALL)

    assert count.epochs == 2
    logger.save()
    assert "NDCG@10" in pl.read_csv(tmp_path / "metrics.csv").columns


def test_functions_are_recorded_by_their_dotted_names():
    rec = Recommender.fit(cycle(), "sasrec", optimizer=sgd, schedule=halving, **SMALL)

    training = rec.artifact.config.training
    assert (training.optimizer, training.schedule) == (
        f"{__name__}:sgd",
        f"{__name__}:halving",
    )


def test_a_dotted_name_does_what_the_function_does():
    name = "torch.optim:Adagrad"
    typed = Recommender.fit(cycle(), "sasrec", optimizer=name, **SMALL)
    given = Recommender.fit(cycle(), "sasrec", optimizer=torch.optim.Adagrad, **SMALL)

    histories = typed.history.drop("seconds"), given.history.drop("seconds")
    assert histories[0].equals(histories[1])


def test_final_is_fitted_on_everything_for_the_chosen_epochs():
    rec = Recommender.fit(cycle(), "sasrec", final=True, **SMALL)

    best = rec.history.sort("NDCG@10")["epoch"][-1]
    assert (rec.artifact.config.trained_on, rec.artifact.config.epochs) == ("all", best)
    assert rec.artifact.counts.sum() == len(cycle().sequences.items)
    with pytest.raises(MiqrecError, match=r"fitted on everything.* had no times"):
        rec.evaluate()


def test_a_final_model_is_asked_for_what_happened_later(tmp_path):
    rec = Recommender.fit(_walks(until=10), "markov", final=True)
    rec.save(tmp_path / "model")

    loaded = Recommender.load(tmp_path / "model")
    ranks = loaded.ranks(data=_walks(until=12))

    assert ranks.height == 2 * 10  # the days 10 and 11 of ten people
    assert loaded.evaluate(data=_walks(until=12))["HR@5"] == 1.0  # the circle goes on
    assert loaded.evaluate_lists(k=1, data=_walks(until=11))["recall@1"] == 1.0


def test_data_that_end_with_the_training_have_nothing_to_evaluate_a_final_model_on():
    rec = Recommender.fit(_walks(until=10), "markov", final=True)

    with pytest.raises(MiqrecError, match="no interaction is later than 2024-01-10"):
        rec.evaluate()
    with pytest.raises(MiqrecError, match="no validation"):
        rec.evaluate("valid", data=_walks(until=12))
    with pytest.raises(MiqrecError, match="one has dates where the other has numbers"):
        rec.evaluate(data=_walks(until=12).with_columns(pl.col("time").dt.day()))


def test_later_data_are_not_filtered_and_new_users_are_asked_too():
    rec = Recommender.fit(_walks(until=10), "markov", final=True, min_user=5)
    new = _walks(until=12).filter(pl.col("user") == 0, pl.col("time") >= date(2024, 1, 11))

    assert rec.ranks(data=new.with_columns(user=99)).height == 2  # of a person with two events


def _walks(until: int) -> pl.DataFrame:
    """Ten people walk round a circle of twenty items, a step a day from 2024-01-01."""
    rows = [(user, (2 * user + day) % 20, day) for user in range(10) for day in range(until)]
    days = pl.date(2024, 1, 1) + pl.duration(days=pl.col("time"))
    table = pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")
    return table.with_columns(days.alias("time"))


def test_a_device_that_is_not_there_is_refused_before_anything_is_read():
    with pytest.raises(MiqrecError, match="cuda"):
        Recommender.fit(cycle(), "sasrec", device="cuda:7", **SMALL)


def test_a_data_set_is_used_again_and_histories_may_be_lists():
    names = frame(cycle()).group_by("user", maintain_order=True).agg("item")["item"].to_list()

    from_lists = Recommender.fit(names, "markov")

    assert from_lists.evaluate() == Recommender.fit(cycle(), "markov").evaluate()


def test_a_split_by_time_is_kept_with_the_model(tmp_path):
    timed = frame(cycle()).with_columns(pl.int_range(pl.len()).over("user").alias("time"))
    rec = Recommender.fit(timed, "markov", split="time", valid_share=0.2, test_share=0.2)
    rec.save(tmp_path / "model")

    loaded = Recommender.load(tmp_path / "model")

    assert loaded.artifact.config.split.split == "time"
    assert loaded.evaluate(data=timed) == rec.evaluate()
    assert rec.ranks("test").height > cycle().sequences.n_users  # several questions a user
