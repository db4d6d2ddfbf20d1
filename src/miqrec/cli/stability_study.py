"""The work of `miqrec stability`: models loaded, measured or chosen for, and what is printed of it."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from miqrec.cli.options import Source
from miqrec.cli.output import print_json
from miqrec.cli.saved import load_with_data
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig, with_changes
from miqrec.experiments.report import rendering
from miqrec.experiments.stability.alike import check_alike
from miqrec.experiments.stability.choice import Choice, Trained, check_choosable, choose
from miqrec.experiments.stability.competitors import competitors
from miqrec.experiments.stability.figures import left_out
from miqrec.experiments.stability.find import find
from miqrec.experiments.stability.findings import Findings
from miqrec.experiments.stability.groups import find_baseline, labels, read_groups
from miqrec.experiments.stability.measurements import Asked
from miqrec.experiments.stability.measuring import measure
from miqrec.experiments.stability.page import CHOICE, check_own, to_markdown, write_page
from miqrec.experiments.stability.prepared import Prepared, Subject, explicit_ways, prepare
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
    noises = [perturbation.name for perturbation in perturbations]
    with _folder(request.out) as folder:
        asked = _asked(request, against)
        check_alike([prepared.about for prepared, _ in asked], folder)
        order = [(prepared.subject.system, way) for prepared, ways in asked for way in ways]
        find_baseline(labels([*order, *read_groups(folder, noises)[0]]), baseline)
        device = choose_device(request.source.device)
        for prepared, ways in asked:
            measure(prepared, ways, perturbations, folder, device)
        findings = find(folder, noises, order, baseline)
    _report(findings, request.out, as_json=as_json)


def choose_for_runs(request: Request, trade: float, *, save: bool, as_json: bool) -> None:
    """Choose how each system is used, on average over its models, and keep or print it."""
    perturbations = read_perturbations(request.noises or ["random-added"])
    with _folder(request.out) as folder:
        systems = _choosable(request)
        asked = [model.prepared.about for models in systems.values() for model in models]
        check_alike(asked, folder)
        device = choose_device(request.source.device)
        choices = [
            choose(models, request.mixes, perturbations, trade, folder, device)
            for models in systems.values()
        ]
    if save:
        _save(systems, choices)
    noises = [perturbation.name for perturbation in perturbations]
    _report_choices(choices, noises, request.out, as_json=as_json)


def _asked(
    request: Request, against: Sequence[str]
) -> list[tuple[Prepared, list[InferenceConfig]]]:
    """List models, then their competitors, each with the ways to use it."""
    models, asked = list(_load(request)), []
    for model in models:
        saved = model.artifact.config.inference
        ways = [with_changes(saved, mix=mix) for mix in request.mixes] or [saved]
        asked.append((model.prepared, explicit_ways(model.artifact, ways)))
    subjects = [model.prepared.subject for model in models]
    for competitor in (subject for name in against for subject in competitors(name, subjects)):
        artifact = competitor.artifact
        alone = InferenceConfig(exclude_seen=artifact.config.inference.exclude_seen)
        prepared = prepare(competitor, models[0].dataset, request.asked)
        asked.append((prepared, explicit_ways(artifact, [alone])))
    return asked


def _load(request: Request) -> Iterator[Trained]:
    for run in find_subjects(request.runs):
        recommender, dataset = load_with_data(run.folder, request.source)
        subject = Subject(run.system, run.seed, recommender.artifact)
        yield Trained(prepare(subject, dataset, request.asked), run.folder, dataset)


def _choosable(request: Request) -> dict[str, list[Trained]]:
    """Load the models of each system."""
    systems: dict[str, list[Trained]] = {}
    for model in _load(request):
        check_choosable(model, request.mixes)
        systems.setdefault(model.prepared.subject.system, []).append(model)
    return systems


def _save(systems: Mapping[str, Sequence[Trained]], choices: Sequence[Choice]) -> None:
    for choice in choices:
        for model in systems[choice.system]:
            save_inference(model.folder, choice.chosen)
            messages.print(f"{model.folder} is used as chosen from now on", soft_wrap=True)
    messages.print(STORED, soft_wrap=True)


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Give the folder for measurements; without one they are gone afterwards."""
    if out is not None:
        if out.exists() and not out.is_dir():
            raise MiqrecError(f"{out} is a file, and --out names a folder; choose another name")
        check_own(out)
        yield out
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _report(findings: Findings, out: Path | None, *, as_json: bool) -> None:
    if out:
        write_page(findings, out)
        messages.print(f"written: {out}", soft_wrap=True)
        if reasons := left_out(findings):
            missing = "; ".join(f"{name} ({reason})" for name, reason in reasons.items())
            messages.print(f"not drawn: {missing}", soft_wrap=True)
    if as_json:
        print_json(findings.model_dump(mode="json"))
    elif not out:
        print(to_markdown(findings), end="")


def _report_choices(
    choices: Sequence[Choice], noises: Sequence[str], out: Path | None, *, as_json: bool
) -> None:
    content = [choice.model_dump(mode="json") for choice in choices]
    if out:
        write_json(out / CHOICE, content)
    if as_json:
        print_json(content)
        return
    tables = (choice_table(choice, noises) for choice in choices)
    print("\n\n".join(rendering.to_markdown(table) for table in tables))
