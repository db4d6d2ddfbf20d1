"""A tenth of Beauty's items hidden from training: what vectors from their attributes are worth.

    python -m benchmarks.updates.hidden_items --seeds 3 --out hidden

Asked are the users whose last item is hidden, for that item: among the hidden items alone, and among all.
Beside the vectors stands what no shop has: the hidden items' popularity in all interactions but the last.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from torch import Tensor

from miqrec import Recommender
from miqrec.data.batches.evaluation import EvaluationExamples, evaluation_loader
from miqrec.data.dataset import Dataset
from miqrec.data.encoding import with_catalogue
from miqrec.data.histories import Questions, parts_of
from miqrec.data.open import open_dataset
from miqrec.evaluation.metrics import summary
from miqrec.evaluation.ranking import EXCLUDED, candidate_ranks
from miqrec.evaluation.scoring import score_items

SHARE = 0.1

SASREC = {
    "model": "sasrec",
    "dim": 64,
    "max_length": 50,
    "dropout": 0.4,
    "epochs": 15,
    "precision": "bf16-mixed",
}


def hide(data: Dataset, seed: int) -> npt.NDArray[np.bool_]:
    """Choose the hidden items, (n_items + 1,)."""
    rng, n_items = np.random.default_rng(seed), data.sequences.n_items
    hidden = np.zeros(n_items + 1, np.bool_)
    hidden[1 + rng.choice(n_items, int(SHARE * n_items), replace=False)] = True
    return hidden


def fit(data: Dataset, hidden: npt.NDArray[np.bool_], seed: int) -> Recommender:
    """Fit a model on all interactions with items that are not hidden."""
    seen = data.sequences.select(~hidden[data.sequences.items])
    owners = np.repeat(np.arange(seen.n_users), seen.lengths)
    columns = {"user": data.users.gather(owners), "item": data.catalogue.decode(seen.items)}
    return Recommender.fit(pl.DataFrame(columns), items=data.catalogue.frame, seed=seed, **SASREC)


def ask(data: Dataset, is_new: npt.NDArray[np.bool_]) -> Questions:
    """Ask for the last items of users that are new, (n_items,) by the numbers of `data`."""
    sequences = data.sequences
    last = sequences.offsets[1:] - 1
    users = np.flatnonzero((sequences.lengths > 2) & is_new[sequences.items[last] - 1])
    whole = parts_of(data, users)
    return Questions(
        *(whole.items, users, whole.starts, whole.stops - 1, whole.n_items, whole.n_users),
        targets=sequences.items[last[users]],
    )


def ranks(rec: Recommender, questions: Questions, popularity: Tensor | None = None) -> Tensor:
    """Rank each target among the new items alone and among all: (2, questions)."""
    new = torch.from_numpy(np.append(False, rec.artifact.catalogue.described))
    return torch.cat(list(_ranks(rec, questions, new, popularity)), dim=1)


def _ranks(
    rec: Recommender, questions: Questions, new: Tensor, popularity: Tensor | None
) -> Iterator[Tensor]:
    model = rec.artifact.model.eval()
    for batch in evaluation_loader(EvaluationExamples(questions, model.max_length), 256):
        seen = batch.seen_rows, batch.seen_items
        scores = score_items(model, batch.items, batch.lengths, rec.artifact.popularity, seen=seen)
        if popularity is not None:
            scores = popularity.expand_as(scores).masked_fill(scores == EXCLUDED, EXCLUDED)
        among_new = scores.masked_fill(~new, EXCLUDED)
        yield torch.stack(
            [candidate_ranks(each, batch.targets) for each in (among_new, scores.clone())]
        )


def with_means(rec: Recommender) -> Recommender:
    """Give the new items the mean of their attributes' mean vectors instead."""
    catalogue, weights = rec.artifact.catalogue, rec.artifact.model.state_dict()
    rows = catalogue.frame.with_row_index("row").select("row", "attributes", "described")
    vectors = weights["embedding.items.weight"]
    pairs = rows.explode("attributes").drop_nulls("attributes")
    centres = {
        name: vectors[torch.from_numpy(1 + part["row"].to_numpy().astype(np.int64))].mean(0)
        for (name,), part in pairs.filter(~pl.col("described").fill_null(value=False)).group_by(
            "attributes"
        )
    }
    for row, attributes, described in rows.iter_rows():
        if described:
            known = [centres[name] for name in attributes if name in centres]
            vectors[row + 1] = torch.stack(known).mean(0)
    return rec


def main() -> None:
    """Read the command line, and print what each way is worth."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True, help="a folder for the models")
    options = parser.parse_args()
    data = open_dataset("beauty-5core")
    for seed in range(options.seeds):
        hidden = hide(data, seed)
        if not (options.out / f"{seed}").exists():
            fit(data, hidden, seed).save(options.out / f"{seed}")
        items = data.catalogue.frame
        rec = Recommender.load(options.out / f"{seed}").with_new_items(items)
        there = with_catalogue(data, rec.artifact.catalogue)
        questions = ask(there, rec.artifact.catalogue.described)
        counts = np.bincount(there.sequences.items, minlength=there.sequences.n_items + 1)
        last = there.sequences.items[there.sequences.offsets[1:] - 1]
        counts -= np.bincount(last, minlength=len(counts))
        popular = torch.from_numpy(counts).float()
        found = {"popularity": ranks(rec, questions, popular), "ridge": ranks(rec, questions)}
        found["means"] = ranks(with_means(rec), questions)
        for way, values in found.items():
            scores = {
                among: {name: round(summary(part)[name], 4) for name in ("HR@10", "NDCG@10")}
                for among, part in zip(("the new", "all"), values, strict=True)
            }
            print(json.dumps({"seed": seed, "way": way, "questions": values.shape[1], **scores}))


if __name__ == "__main__":
    main()
