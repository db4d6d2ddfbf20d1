"""`miqrec stability`: how far lists and ranks move when noise gets into the histories."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miqrec.cli.options import DataDir, Device, Json, OptionalData
from miqrec.cli.output import print_json
from miqrec.data.split_config import Held
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig, with_changes
from miqrec.system.progress import console as messages

if TYPE_CHECKING:
    from miqrec.experiments.stability.findings import Findings
    from miqrec.recommender import Recommender

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
        "other word lists all there are. Repeat for more. Default: all of them.",
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option(help="The system that all others are compared with. Default: the first."),
]
Users = Annotated[int | None, typer.Option(help="Ask for so many users alone, chosen at random.")]
Draws = Annotated[int, typer.Option(help="How often each noise is drawn.")]
Part = Annotated[Held, typer.Option("--part", help="Which held-out items.")]
Seed = Annotated[int, typer.Option(help="The seed of the noise.")]
Out = Annotated[
    Path | None,
    typer.Option(
        help="A folder for values, tables, figures and a page; what it has is not measured again. `miqrec "
        "report` reads it where it is called `stability` and lies in a study's folder."
    ),
]


def stability(
    runs: Runs,
    data: OptionalData = None,
    mix: Mixes = None,
    noise: Noises = None,
    users: Users = None,
    draws: Draws = 5,
    part: Part = "test",
    seed: Seed = 0,
    baseline: Baseline = None,
    out: Out = None,
    data_dir: DataDir = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Measure how similar lists stay, and how many hits are left, when histories get an odd click.

    Several runs of a system, with a seed each, are averaged and compared with the first system.

    Example: miqrec stability runs/study --mix 1 --mix "0.6 0.4" --out runs/study/stability
    """
    from miqrec.cli.saved import load_with_data
    from miqrec.experiments.stability.find import find
    from miqrec.experiments.stability.measurements import Asked
    from miqrec.experiments.stability.measuring import Subject, measure_subject
    from miqrec.experiments.stability.subjects import find_subjects
    from miqrec.stability.perturbations import PERTURBATIONS, named_perturbation

    perturbations = [named_perturbation(name) for name in noise] if noise else PERTURBATIONS
    asked = Asked(part=part, users=users, draws=draws, seed=seed)
    order: list[tuple[str, str]] = []
    with _folder(out) as folder:
        for run in find_subjects(runs):
            recommender, dataset = load_with_data(run.folder, data, data_dir, device)
            subject = Subject(run.system, run.seed, recommender.artifact)
            inferences = _inferences(recommender, mix)
            places = measure_subject(
                *(subject, dataset, inferences, asked, perturbations, folder),
                device=recommender.device,
            )
            order += [(run.system, place.name) for place in places]
        noises = [perturbation.name for perturbation in perturbations]
        findings = find(folder, noises, list(dict.fromkeys(order)), baseline)
    _report(findings, out, as_json=json)


def _report(findings: "Findings", out: Path | None, *, as_json: bool) -> None:
    from miqrec.experiments.stability.page import to_markdown, write_page

    if out:
        write_page(findings, out)
        messages.print(f"written: {out}", soft_wrap=True)
    if as_json:
        print_json(findings.model_dump(mode="json"))
    elif not out:
        print(to_markdown(findings), end="")


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Give the folder for measurements; without one they are gone afterwards."""
    if out is not None:
        if out.exists() and not out.is_dir():
            raise MiqrecError(f"{out} is a file, and --out names a folder; choose another name")
        yield out
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _inferences(recommender: "Recommender", mixes: Sequence[str] | None) -> list[InferenceConfig]:
    saved = recommender.artifact.config.inference
    return [with_changes(saved, mix=mix) for mix in mixes] if mixes else [saved]
