"""The library in one class: fit, recommend, evaluate, save, load."""

import tempfile
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from miqrec.data.choices import OnUnknown
from miqrec.data.dataset import Dataset
from miqrec.data.encoding import encode_histories, with_catalogue
from miqrec.data.histories import Questions, parts_of
from miqrec.data.ids import positions
from miqrec.data.open import DataConfig, for_other_data, open_dataset, source_or_frame
from miqrec.data.reading.histories import flatten
from miqrec.data.split_config import Held
from miqrec.data.splitting import Splits, split, split_later
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.evaluate import rank_questions
from miqrec.evaluation.inference import InferenceConfig, Mix, with_changes
from miqrec.evaluation.list_scores import score_lists
from miqrec.evaluation.metrics import summary
from miqrec.evaluation.probabilities import check_probabilities
from miqrec.evaluation.scoring import check_mix, n_answers
from miqrec.evaluation.temperature import check_temperature, fit_temperature
from miqrec.evaluation.top_lists import ListRequest, recommend_lists
from miqrec.models.protocol import NamedConfig
from miqrec.runs.artifact import Artifact, load_artifact, save_artifact
from miqrec.runs.folder import read_history
from miqrec.runs.plan import plan_run
from miqrec.stability.measure import LISTED, measure_stability
from miqrec.stability.perturbations import PERTURBATIONS, Perturbation
from miqrec.stability.sampling import sample_users
from miqrec.system.environment import choose_device
from miqrec.system.forks import refuse_stuck_process
from miqrec.training.hooks import FUNCTIONS, Hooks

if TYPE_CHECKING:  # Lightning takes seconds to import
    from lightning.pytorch.callbacks import Callback
    from lightning.pytorch.loggers import Logger

Id = str | int


class Recommender:
    """A fitted model with its items and, while they are at hand, the histories of its users.

    Example:
        >>> rec = Recommender.fit(frame, model="miq-sasrec", window=5)
        >>> rec.recommend(users=["ann"], k=10)
        >>> rec.save("model/")
        >>> Recommender.load("model/").recommend(histories=[["heat", "ronin"]])
    """

    def __init__(
        self,
        artifact: Artifact,
        dataset: Dataset | None = None,
        history: pl.DataFrame | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        self.artifact = artifact
        self.dataset = dataset
        self.history = history
        """A row an epoch of the training, with loss, validation metrics and seconds; None after `load`."""
        self.device = choose_device(device)

    @classmethod
    def fit(
        cls,
        data: Any,
        model: str | NamedConfig = "miq-sasrec",
        *,
        items: Any = None,
        final: bool = False,
        init_from: str | Path | None = None,
        callbacks: Sequence["Callback"] = (),
        logger: "Logger | Iterable[Logger] | bool" = False,
        device: torch.device | str | None = None,
        **values: Any,
    ) -> "Recommender":
        """Fit a model on a log of who used what and when.

        Args:
            data: a data frame (pandas, Polars, Arrow), a path, the name of a data set, a `Dataset`, or
                histories, oldest item first: a list of lists or arrays, or a dictionary from user to items.
            model: the name of a model, or its config with its settings.
            items: titles and attributes: a data frame or a path.
            final: fit on everything afterwards, the held-out items too, for as many epochs as validation
                chose: the model to put into use. It can be evaluated on later data alone.
            init_from: a saved model to start from.
            callbacks: callbacks of Lightning's.
            logger: a logger of Lightning's, or several.
            device: "cpu", "cuda" or "cuda:1"; by default an NVIDIA GPU where there is one.
            values: settings by their names: of the columns (`user="who"`), the filters (`min_user=5`), the
                split (`split="time"`), the model (`window=5`) and its training (`epochs=20`, `seed=1`);
                `optimizer` and `schedule` may be functions, see `miqrec.training.hooks`.

        Raises:
            MiqrecError: data that can't be read or trained on, or a setting that there is not.
        """
        from miqrec.runs.fit import fit, fit_on_everything  # brings Lightning, only needed here

        functions = {name: values.pop(name) for name in FUNCTIONS if callable(values.get(name))}
        hooks = Hooks(callbacks, logger, device, **functions)
        source, frame = source_or_frame(data)
        start = Path(init_from) if init_from else None
        plan = plan_run(DataConfig(source=source), model, values, frame, items, init_from=start)
        plan = plan.with_functions(hooks)
        with tempfile.TemporaryDirectory() as folder:
            artifact = fit(plan, Path(folder), hooks)
            history = read_history(Path(folder))
            if final:
                last = Path(folder) / "final"
                watching = hooks._replace(callbacks=())  # there is no validation to watch
                artifact = fit_on_everything(plan, artifact.config.epochs, last, watching)
        return cls(artifact, plan.dataset, history, device)

    def recommend(  # noqa: PLR0913 - whom to recommend to, and options by their names
        self,
        users: Iterable[Id] | None = None,
        histories: Sequence[Sequence[Id]] | None = None,
        *,
        k: int = 10,
        data: Any = None,
        exclude_seen: bool | None = None,
        mix: Mix | None = None,
        temperature: float | None = None,
        on_unknown: OnUnknown = "skip",
        unknown_users: OnUnknown = "error",
        with_uncertainty: bool = False,
    ) -> pl.DataFrame:
        """List the k best items for users of the data, or after histories of people it has never seen.

        Args:
            users: external ids; None for all of them.
            histories: external item ids, oldest first; instead of users.
            k: the length of the lists.
            data: where the users' histories are, as for `fit`; needed after `load`.
            exclude_seen: leave out what is in the history; by default as the model was fitted.
            mix: the weights of the newest positions' answers, newest first, such as (0.6, 0.4), which
                make a list swing less at an odd click; "trained" for those that the model was trained
                with; by default what was saved with the model.
            temperature: what scores are divided by before answers are mixed; by default what was saved.
            on_unknown: items that the model does not know are skipped with a warning, or an error.
            unknown_users: users without interactions in the data are an error, or skipped with a warning.
            with_uncertainty: add `probability`, how likely each item is to be the next one. The sum over a
                list says how likely it holds the next item. The probabilities are true to what happens
                once a temperature was chosen on validation (`fit_temperature`, `with_inference`).

        Returns:
            a frame with `user` (or the number of the history, from 0), `item`, `title`, `score`,
            `rank` (from 1) and `source`: "model", or "popularity" where the history has no known item; and
            `probability` with `with_uncertainty`, null where the source is popularity.

        Raises:
            MiqrecError: an unknown user, k larger than the catalogue, no histories at hand, or a model
                without probabilities that is asked for its uncertainty.
        """
        refuse_stuck_process()
        _check_request(k, on_unknown, unknown_users)
        if histories is not None and (users is not None or data is not None):
            raise MiqrecError("give users of the data or histories, not both")
        if histories is not None:
            asked = self._typed(histories, on_unknown)
        else:
            asked = self._histories(data, on_unknown)
        rows = _rows(asked, users, unknown_users)
        if len(rows) == 0:
            raise MiqrecError("there is nobody to recommend to: give users or histories")
        request = self._request(k, mix, temperature, exclude_seen, with_uncertainty)
        lists = recommend_lists(request, parts_of(asked.sequences, rows), self.device)
        _warn_of_empty_lists(len(rows) - lists["row"].n_unique(), len(rows))
        return lists.select(
            asked.users.gather(rows[lists["row"]]).alias("user"),
            self.artifact.catalogue.decode(lists["id"]).alias("item"),
            self.artifact.catalogue.titles(lists["id"]).alias("title"),
            "score",
            "rank",
            "source",
            *(["probability"] if with_uncertainty else []),
        )

    def evaluate(
        self,
        part: Held = "test",
        *,
        data: Any = None,
        mix: Mix | None = None,
        temperature: float | None = None,
    ) -> dict[str, float]:
        """Score the held-out items: HR and NDCG at 5, 10 and 20, and MRR.

        A model that was fitted on everything is asked for what happened later than all of that: bring
        data that go on from there, with times and with what the users did before. They aren't filtered.

        Args:
            part: "valid" or "test"; of later data there is only "test".
            data: as for `fit`; needed after `load`.
            mix: as for `recommend`.
            temperature: as for `recommend`.

        Raises:
            MiqrecError: the model was fitted on everything, and no interaction is known to be later; or it
                doesn't have the answers that are to be mixed.
        """
        frame = self.ranks(part, data=data, mix=mix, temperature=temperature)
        return summary(frame["rank"].to_torch())

    def evaluate_lists(
        self,
        part: Held = "test",
        *,
        k: int = 10,
        data: Any = None,
        mix: Mix | None = None,
        temperature: float | None = None,
    ) -> dict[str, float]:
        """Score the lists of k items that users would have been shown, as `score_lists` does.

        Args:
            part: "valid" or "test".
            k: the length of the lists.
            data: as for `fit`; needed after `load`.
            mix: as for `recommend`.
            temperature: as for `recommend`.

        Raises:
            MiqrecError: as `evaluate`.
        """
        _check_request(k)
        inference = self._inference(mix, temperature)
        request = ListRequest(self.artifact.model, self.artifact.popularity, k, inference)
        return score_lists(request, self._splits(part, data), part, self.device)

    def ranks(
        self,
        part: Held = "test",
        *,
        data: Any = None,
        mix: Mix | None = None,
        temperature: float | None = None,
    ) -> pl.DataFrame:
        """Rank each held-out item, as `rank_questions` does; arguments are those of `evaluate`."""
        inference = self._inference(mix, temperature)
        return rank_questions(
            self.artifact.model,
            self.questions(part, data=data),
            self.artifact.popularity,
            inference,
            device=self.device,
        )

    def stability(
        self,
        part: Held = "test",
        *,
        data: Any = None,
        perturbations: Sequence[Perturbation] = PERTURBATIONS,
        draws: int = 5,
        users: int | None = None,
        seed: int = 0,
        mix: Mix | None = None,
        temperature: float | None = None,
    ) -> pl.DataFrame:
        """Compare the lists of 10 and the ranks after noise in the histories with those after clean ones.

        Args:
            part: "valid" or "test".
            data: as for `fit`; needed after `load`.
            perturbations: what is done to the histories.
            draws: how often each is drawn.
            users: ask for so many users alone, whom the seed chooses; all by default.
            seed: the seed of the noise, which is the same for all models.
            mix: as for `recommend`.
            temperature: as for `recommend`.

        Returns:
            a row for each perturbation, draw and question, as `miqrec.stability.measure_stability` returns
            it; `miqrec.stability.measured` and `summarise` make a table of it.

        Raises:
            MiqrecError: as `evaluate`.
        """
        inference = self._inference(mix, temperature)
        request = ListRequest(self.artifact.model, self.artifact.popularity, LISTED, inference)
        questions = self._splits(part, data).held(part)
        if users is not None:
            questions = sample_users(questions, users, seed)
        counts = self.artifact.counts
        return measure_stability(
            *(request, questions, counts, perturbations), draws=draws, seed=seed, device=self.device
        )

    def fit_temperature(self, *, data: Any = None) -> float:
        """Choose a temperature on the validation questions, as `miqrec.evaluation.fit_temperature` does.

        Models that were trained by bce or gbce need one before their answers can be mixed:

            rec = rec.with_inference(mix=(0.6, 0.4), temperature=rec.fit_temperature())

        Args:
            data: as for `fit`; needed after `load`.
        """
        questions = self._splits("valid", data).held("valid")
        inference = self.artifact.config.inference
        return fit_temperature(self.artifact.model, questions, inference, device=self.device)

    def with_inference(
        self,
        *,
        mix: Mix | None = None,
        temperature: float | None = None,
        exclude_seen: bool | None = None,
    ) -> "Recommender":
        """Give the same model with other defaults, which `save` keeps; arguments are those of `recommend`.

        Raises:
            MiqrecError: a value is out of range, or the model doesn't have the answers to mix.
        """
        config = self.artifact.config
        inference = with_changes(
            config.inference, mix=mix, temperature=temperature, exclude_seen=exclude_seen
        )
        check_mix(self.artifact.model, inference)
        check_temperature(inference, config.training.loss if config.training else None)
        config = config.model_copy(update={"inference": inference})
        artifact = replace(self.artifact, config=config)
        return Recommender(artifact, self.dataset, self.history, self.device)

    def _request(
        self,
        k: int,
        mix: Mix | None,
        temperature: float | None,
        exclude_seen: bool | None,
        with_uncertainty: bool,
    ) -> ListRequest:
        """Put a request together; where probabilities are wanted, a temperature counts for one answer too."""
        artifact = self.artifact
        if with_uncertainty:
            chosen = self.with_inference(
                mix=mix, temperature=temperature, exclude_seen=exclude_seen
            )
            inference = chosen.artifact.config.inference
            training = artifact.config.training
            check_probabilities(artifact.model, inference, training.loss if training else None)
        else:
            inference = self._inference(mix, temperature, exclude_seen)
        return ListRequest(artifact.model, artifact.popularity, k, inference, with_uncertainty)

    def _inference(
        self, mix: Mix | None, temperature: float | None, exclude_seen: bool | None = None
    ) -> InferenceConfig:
        """Take what is given, and for the rest what was saved with the model."""
        chosen = self.with_inference(mix=mix, temperature=temperature, exclude_seen=exclude_seen)
        inference = chosen.artifact.config.inference
        if temperature is not None and n_answers(self.artifact.model, inference) == 1:
            raise MiqrecError(
                "a temperature changes nothing where a single answer counts; give the weights of several, "
                'as in mix="0.6 0.4" (--mix)'
            )
        return inference

    def questions(self, part: Held = "test", *, data: Any = None) -> Questions:
        """Return the histories that `evaluate` asks about and the items that followed, in internal numbers.

        Raises:
            MiqrecError: as `evaluate`.
        """
        return self._splits(part, data).held(part)

    def _splits(self, part: Held, data: Any) -> Splits:
        """Split the data as those were that the model was fitted on, in the model's own item numbers."""
        refuse_stuck_process()
        if self.artifact.config.trained_on == "all":
            return self._later(part, data)
        splits = split(self._opened(data), self.artifact.config.split, self.artifact.catalogue)
        if splits.fingerprint != self.artifact.config.fingerprint:
            warnings.warn(
                "this is not the data that the model was fitted on; what is held out here may have "
                "been part of its training",
                MiqrecWarning,
                stacklevel=3,
            )
        return splits

    def _later(self, part: Held, data: Any) -> Splits:
        """Ask for what happened after the data that a model was fitted on as a whole."""
        config = self.artifact.config
        if config.trained_until is None or part != "test":
            reason = (
                "of what happened later there is a test part, and no validation"
                if config.trained_until
                else "its data had no times that say what happened later"
            )
            raise MiqrecError(
                "this model was fitted on everything, the held-out items too, so its scores on them "
                f"would mean nothing, and {reason}; evaluate the model that was not fitted on everything"
            )
        dataset = self._opened(data, served=True)
        return split_later(
            dataset, config.trained_until, self.artifact.catalogue, config.split.questions
        )

    def save(self, folder: str | Path) -> None:
        """Write the model and its items to a folder; histories are not saved."""
        save_artifact(self.artifact, Path(folder))

    @classmethod
    def load(cls, folder: str | Path, *, device: torch.device | str | None = None) -> "Recommender":
        """Read what `save` or `miqrec train --out` wrote; for known users bring the data again.

        Args:
            folder: a saved model, or a run.
            device: where to compute; by default an NVIDIA GPU where there is one.

        Raises:
            MiqrecError: not a saved model, or one that was only pre-trained.
        """
        refuse_stuck_process()
        artifact = load_artifact(Path(folder))
        if artifact.config.trained_on == "pretraining":
            raise MiqrecError(
                f"{folder} holds a model that was only pre-trained; train it by "
                f"`miqrec train --model {artifact.config.model.name} --init-from {folder}`"
            )
        return cls(artifact, device=device)

    def _opened(self, data: Any, *, served: bool = False) -> Dataset:
        """Open the interactions that were brought, or else take those that the model was fitted on."""
        if isinstance(data, Dataset):
            return data
        if data is not None:
            source, frame = source_or_frame(data)
            config = for_other_data(self.artifact.config.data, source, frame, served=served)
            return open_dataset(config, frame)
        if self.dataset is None:
            raise MiqrecError(
                "a saved model holds no histories; bring the interactions again "
                "(data=... in Python, --data on the command line), or give histories themselves"
            )
        return self.dataset

    def _histories(self, data: Any, on_unknown: OnUnknown) -> Dataset:
        dataset = self._opened(data, served=True)
        items = self.artifact.catalogue.frame["item"]
        if dataset.catalogue.frame["item"].equals(items):
            return dataset
        return with_catalogue(dataset, self.artifact.catalogue, on_unknown)

    def _typed(self, histories: Sequence[Sequence[Id]], on_unknown: OnUnknown) -> Dataset:
        users, items, lengths = flatten(histories)
        return encode_histories(users, items, lengths, self.artifact.catalogue, on_unknown)


def _rows(
    dataset: Dataset, users: Iterable[Id] | None, unknown_users: OnUnknown
) -> npt.NDArray[np.int64]:
    """Look up the numbers of the named users, of all of them for None."""
    if users is None:
        return np.arange(len(dataset.users))
    if isinstance(users, str | bytes):
        raise MiqrecError(f"users is {users!r}; give a list of users, as in users=[{users!r}]")
    names = list(users)
    rows = positions(pl.Series(names, strict=False), dataset.users)
    unknown = [str(name) for name, row in zip(names, rows, strict=True) if row < 0]
    if not unknown:
        return rows
    sentence = (
        f"the data has no interactions of {len(unknown):,} of {len(names):,} users "
        f"({', '.join(unknown[:3])}{' ...' if len(unknown) > 3 else ''})"
    )
    if unknown_users == "error":
        raise MiqrecError(f"{sentence}; leave them out, or give their histories instead")
    warnings.warn(f"{sentence}; they were left out", MiqrecWarning, stacklevel=3)
    return rows[rows >= 0]


def _check_request(k: int, *on_unknown: OnUnknown) -> None:
    if isinstance(k, bool) or not isinstance(k, int | np.integer):
        raise MiqrecError(f"k is {k!r}; give a whole number, the length of the lists")
    if wrong := [word for word in on_unknown if word not in get_args(OnUnknown)]:
        raise MiqrecError(
            f"what is unknown can't be treated by {wrong[0]!r}; give 'skip' or 'error'"
        )


def _warn_of_empty_lists(n_empty: int, n_users: int) -> None:
    if n_empty:
        message = (
            f"{n_empty:,} of {n_users:,} users have had every item, so there is no list for them"
        )
        warnings.warn(message, MiqrecWarning, stacklevel=3)
