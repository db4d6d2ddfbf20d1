"""`miqrec paths`: by which paths an odd click at the end of a history gets through to the list."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miqrec.cli.groups import with_groups
from miqrec.cli.options import Json, Part, Source
from miqrec.cli.output import cell, check_folder, compact_table, console, print_json
from miqrec.system.progress import console as messages

if TYPE_CHECKING:
    import polars as pl

    from miqrec.data.histories import Questions
    from miqrec.recommender import Recommender

Folders = Annotated[
    list[Path],
    typer.Argument(
        help="Runs, saved models or folders of runs: SASRec, S3Rec or their MIQ relatives."
    ),
]
Draws = Annotated[
    int, typer.Option(min=1, help="How many random items each history is tried with.")
]
Users = Annotated[int | None, typer.Option(help="Ask for so many users, drawn by the seed.")]
Seed = Annotated[int, typer.Option(min=0, help="The seed of the random items.")]
Out = Annotated[Path | None, typer.Option(help="A folder for paths.csv and paths.svg.")]


@with_groups
def paths(
    folders: Folders,
    *,
    source: Source,
    part: Part = "test",
    draws: Draws = 5,
    users: Users = None,
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Find by which path a random item at the end of a history changes the list: path patching.

    The query, the keys and values, and the residual connection of each block are taken from the clean
    history, one, two or all three of them, and the newest position's list is compared with the clean one.

    Example: miqrec paths runs/sasrec runs/miq-sasrec --data lastfm --out results/paths
    """
    import polars as pl

    from miqrec.cli.saved import find_runs, load_with_data
    from miqrec.stability.sampling import sample_users

    check_folder(out)
    frames = []
    for folder in find_runs(folders):
        recommender, dataset = load_with_data(folder, source)
        _tell_of_mixture(folder, recommender)
        clean = recommender.questions(part, data=dataset)
        if users is not None and users < len(clean.users):
            clean = sample_users(clean, users, seed)
        frames.append(_summary(recommender, clean, draws, seed))
    frame = pl.concat(frames)
    if out:
        _write(frame, out)
    if json:
        print_json(frame.to_dicts())
    elif not out:
        _show(frame)


def _tell_of_mixture(folder: Path, recommender: "Recommender") -> None:
    mix = recommender.artifact.config.inference.mix
    if isinstance(mix, tuple) and len(mix) > 1:
        messages.print(
            f"{folder} is used with a mixture of {len(mix)} answers; paths looks at the newest answer alone",
            soft_wrap=True,
        )


def _summary(
    recommender: "Recommender", clean: "Questions", draws: int, seed: int
) -> "pl.DataFrame":
    """Measure the paths of a model, and put its data and its settings before the results."""
    import polars as pl

    from miqrec.stability.path_patching import measure_paths, summarise_paths
    from miqrec.stability.perturbations import Perturbation
    from miqrec.stability.perturbing import perturb

    noise, counts = Perturbation(kind="random-added"), recommender.artifact.counts
    noisy = [perturb(clean, noise, counts, seed=seed, draw=draw) for draw in range(draws)]
    model, config = recommender.artifact.model, recommender.artifact.config
    exclude_seen = config.inference.exclude_seen
    measured = measure_paths(
        model, clean, noisy, exclude_seen=exclude_seen, device=recommender.device
    )
    settings = {
        "data": config.data.source,
        "model": config.model.name,
        "block": getattr(config.model, "block", None),
        "window": getattr(config.model, "window", 1),
        "seed": config.training.seed if config.training else None,
    }
    named = (pl.lit(value).alias(name) for name, value in settings.items())
    return summarise_paths(measured).select(*named, pl.all())


def _write(frame: "pl.DataFrame", out: Path) -> None:
    from miqrec.experiments.report.drawing import save_figure
    from miqrec.experiments.report.path_figure import draw_paths
    from miqrec.system.files import make_folder
    from miqrec.system.tables import write_frame

    make_folder(out)
    write_frame(frame, out / "paths.csv")
    save_figure(draw_paths(frame), out / "paths.svg")
    messages.print(f"written: paths.csv and paths.svg in {out}", soft_wrap=True)


def _show(frame: "pl.DataFrame") -> None:
    shown = ("model", "block", "seed", "blocks", "clean", "FRBO@10", "NDCG@10")
    table = compact_table(*shown)
    for row in frame.select(shown).iter_rows():
        table.add_row(*map(cell, row))
    console.print(table)
