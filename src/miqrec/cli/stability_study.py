"""The work of `miqrec stability`: models loaded, measured or chosen for, and what is printed of it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from miqrec.cli.options import Source
from miqrec.cli.output import print_json
from miqrec.cli.saved import load_with_data
from miqrec.data.dataset import Dataset
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig, with_changes
from miqrec.experiments.archive.folders import RunFolder
from miqrec.experiments.report import rendering
from miqrec.experiments.stability.choice import Choice, Trained, check_choosable, choose
from miqrec.experiments.stability.competitors import competitors
from miqrec.experiments.stability.find import find
from miqrec.experiments.stability.findings import Findings
from miqrec.experiments.stability.measurements import Asked
from miqrec.experiments.stability.measuring import Subject, measure_subject
from miqrec.experiments.stability.page import to_markdown, write_page
from miqrec.experiments.stability.subjects import find_subjects
from miqrec.experiments.stability.tables import choice_table
from miqrec.runs.artifact import save_inference
from miqrec.stability.perturbations import PERTURBATIONS, read_perturbations
from miqrec.system.environment import choose_device
from miqrec.system.files import write_json
from miqrec.system.progress import console as messages

STORED = (
    "The scores that a run has stored, which `miqrec compare` and `miqrec report` show, stay those of its "
    "training; `miqrec evaluate RUN` has the new ones"
)
"""What a choice that is kept doesn't change."""


class Request(NamedTuple):
    """What both measuring and choosing need to know."""

    runs: Sequence[Path]
    source: Source
    mixes: Sequence[str]
    noises: Sequence[str]
    asked: Asked
    out: Path | None


def measure_runs(
    request: Request, against: Sequence[str], baseline: str | None, *, as_json: bool
) -> None:
    """Measure all models in all ways to use them, sum it up, and write or print it."""
    perturbations = read_perturbations(request.noises or PERTURBATIONS)
    order: list[tuple[str, str]] = []
    with _folder(request.out) as folder:
        device = choose_device(request.source.device)
        for subject, dataset, ways in _asked(request, against):
            places = measure_subject(
                *(subject, dataset, ways, request.asked, perturbations, folder, device)
            )
            order += [(subject.system, place.name) for place in places]
        noises = [perturbation.name for perturbation in perturbations]
        findings = find(folder, noises, list(dict.fromkeys(order)), baseline)
    _report(findings, request.out, as_json=as_json)


def choose_for_runs(request: Request, trade: float, *, save: bool, as_json: bool) -> None:
    """Choose how each system is used, on average over its models, and keep or print it."""
    perturbations = read_perturbations(request.noises or ["random-added"])
    models, choices = list(_load(request)), []
    for model in models:
        check_choosable(model)
    with _folder(request.out) as folder:
        for system in dict.fromkeys(model.subject.system for model in models):
            of_system = [model for model in models if model.subject.system == system]
            device = choose_device(request.source.device)
            choices.append(
                choose(
                    *(of_system, request.mixes, request.asked, perturbations, trade, folder),
                    device=device,
                )
            )
    for choice in choices if save else ():
        for model in models:
            if model.subject.system == choice.system:
                save_inference(model.folder, choice.chosen)
                messages.print(f"{model.folder} is used as chosen from now on", soft_wrap=True)
    if save:
        messages.print(STORED, soft_wrap=True)
    noises = [perturbation.name for perturbation in perturbations]
    _report_choices(choices, noises, request.out, as_json=as_json)


def _asked(
    request: Request, against: Sequence[str]
) -> Iterator[tuple[Subject, Dataset, list[InferenceConfig]]]:
    """Go through models, then their competitors, each with its data and the ways to use it."""
    models = []
    for model in _load(request):
        saved = model.subject.artifact.config.inference
        ways = list(dict.fromkeys(with_changes(saved, mix=mix) for mix in request.mixes))
        yield model.subject, model.dataset, ways or [saved]
        if against:
            models.append(model)
    for name in against:
        for subject in competitors(name, [model.subject for model in models]):
            saved = subject.artifact.config.inference
            yield subject, models[0].dataset, [InferenceConfig(exclude_seen=saved.exclude_seen)]


def _load(request: Request) -> Iterator[Trained]:
    for run in find_subjects(request.runs):
        yield _trained(run, request)


def _trained(run: RunFolder, request: Request) -> Trained:
    recommender, dataset = load_with_data(run.folder, request.source)
    return Trained(Subject(run.system, run.seed, recommender.artifact), run.folder, dataset)


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


def _report(findings: Findings, out: Path | None, *, as_json: bool) -> None:
    if out:
        write_page(findings, out)
        messages.print(f"written: {out}", soft_wrap=True)
    if as_json:
        print_json(findings.model_dump(mode="json"))
    elif not out:
        print(to_markdown(findings), end="")


def _report_choices(
    choices: Sequence[Choice], noises: Sequence[str], out: Path | None, *, as_json: bool
) -> None:
    content = [choice.model_dump(mode="json") for choice in choices]
    if out:
        write_json(out / "choice.json", content)
    if as_json:
        print_json(content)
        return
    tables = (choice_table(choice, noises) for choice in choices)
    print("\n\n".join(rendering.to_markdown(table) for table in tables))
