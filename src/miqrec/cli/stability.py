"""`miqrec stability`: how far lists and ranks move when noise gets into the histories."""

from pathlib import Path
from typing import Annotated

import typer

from miqrec.cli.groups import with_groups
from miqrec.cli.options import Json, Source
from miqrec.data.split_config import Held
from miqrec.errors import MiqrecError

DEFAULT_TRADE = 0.01

Runs = Annotated[
    list[Path],
    typer.Argument(help="Runs, saved models, or folders of runs."),
]
Mixes = Annotated[
    list[str] | None,
    typer.Option(
        "--mix",
        help='Weights of the newest answers, such as "0.6 0.4"; "1" for the newest alone, "trained" for '
        "those of the training; repeat to compare. Default: what was saved with the model.",
    ),
]
Noises = Annotated[
    list[str] | None,
    typer.Option(
        "--noise",
        help="What is done to histories, such as random-added, newest-replaced or share-replaced-0.2; any "
        "other word lists all there are. Repeat for more. Default: all of them; for a choice random-added.",
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option(help="The system that all others are compared with. Default: the first."),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        help="Measure beside them: ensemble-2, so many seeds of a system that answer together; copies-0.6, "
        "a model that reads ten copies of a history, each without that share of its items. Repeat for more."
    ),
]
Users = Annotated[int | None, typer.Option(help="Ask for so many users alone, chosen at random.")]
Draws = Annotated[int, typer.Option(min=1, help="How often each noise is drawn.")]
Part = Annotated[
    Held | None,
    typer.Option("--split", help="Which held-out items. Default: test; a choice is made on valid."),
]
Choosing = Annotated[
    bool,
    typer.Option(
        "--choose",
        help="Choose a mixture on validation: the one with the steadiest lists, among those of --mix or of a "
        "list of families, that is nearly as accurate as the best without noise.",
    ),
]
Trade = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="The share of NDCG@10 that a choice may give up. Default: 0.01."
    ),
]
Save = Annotated[
    bool,
    typer.Option(
        "--save", help="Keep the choice with the models, which then are used in this way."
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="The seed of the noise.")]
Out = Annotated[
    Path | None,
    typer.Option(
        help="A folder for values, tables, figures and a page; what it has is not measured again. `miqrec "
        "report` reads it where it is called `stability` and lies in a study's folder."
    ),
]


@with_groups
def stability(
    runs: Runs,
    *,
    source: Source,
    mix: Mixes = None,
    noise: Noises = None,
    users: Users = None,
    draws: Draws = 5,
    part: Part = None,
    seed: Seed = 0,
    baseline: Baseline = None,
    against: Against = None,
    choose: Choosing = False,
    trade: Trade = None,
    save: Save = False,
    out: Out = None,
    json: Json = False,
) -> None:
    """Measure how similar lists stay, and how many hits are left, when histories get an odd click.

    Several runs of a system, with a seed each, are averaged and compared with the first system.

    Example: miqrec stability runs/study --mix 1 --mix "0.6 0.4" --out runs/study/stability
    """
    compared = "--baseline" if baseline else "--against" if against else None
    _check_options(choose=choose, part=part, compared=compared, trade=trade, save=save)
    from miqrec.cli.stability_study import Request, choose_for_runs, measure_runs  # PyTorch comes
    from miqrec.experiments.stability.measurements import Asked

    asked = Asked(part=part or ("valid" if choose else "test"), users=users, draws=draws, seed=seed)
    request = Request(runs, source, mix or (), noise or (), asked, out)
    if choose:
        give = DEFAULT_TRADE if trade is None else trade
        choose_for_runs(request, give, save=save, as_json=json)
    else:
        measure_runs(request, against or (), baseline, as_json=json)


def _check_options(
    *, choose: bool, part: Held | None, compared: str | None, trade: float | None, save: bool
) -> None:
    """Refuse what would not be honoured."""
    if choose and part == "test":
        raise MiqrecError(
            "a mixture that is chosen on the test split can't be judged by it any more; leave --split out"
        )
    if choose and compared:
        raise MiqrecError(f"a choice compares no systems; leave {compared} out")
    if not choose and (save or trade is not None):
        raise MiqrecError("--trade and --save belong to --choose; give that too, or leave them out")
