"""The library in one class: fit, recommend, evaluate, save, load."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import polars as pl
import torch

from miqrec.data.choices import OnUnknown
from miqrec.data.dataset import Dataset
from miqrec.data.histories import Questions
from miqrec.data.reading.items import read_items
from miqrec.data.split_config import Held
from miqrec.errors import MiqrecError
from miqrec.evaluation.evaluate import rank_questions
from miqrec.evaluation.inference import Mix, with_changes
from miqrec.evaluation.list_scores import score_lists
from miqrec.evaluation.metrics import summary
from miqrec.evaluation.temperature import fit_temperature
from miqrec.evaluation.top_lists import ListRequest
from miqrec.lists.asked import Asked, ListOptions, Whom, ask
from miqrec.lists.explaining import explain_list, one_person
from miqrec.lists.making import make_lists, with_index_of
from miqrec.lists.writing import Written, check_out, write_lists
from miqrec.models.protocol import NamedConfig
from miqrec.runs.artifact import Artifact, load_artifact, save_artifact
from miqrec.runs.interactions import held_out
from miqrec.runs.new_items import with_new_items
from miqrec.runs.requests import Id, check_request
from miqrec.runs.update_config import open_log, read_update
from miqrec.runs.usage import choose_for_lists, choose_inference
from miqrec.stability.measure import LISTED, measure_stability
from miqrec.stability.perturbations import PERTURBATIONS, Perturbation
from miqrec.stability.sampling import sample_users
from miqrec.system.environment import choose_device
from miqrec.system.forks import refuse_stuck_process
from miqrec.training.hooks import FUNCTIONS, Hooks

if TYPE_CHECKING:  # Lightning takes seconds to import
    from lightning.pytorch.callbacks import Callback
    from lightning.pytorch.loggers import Logger


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
        from miqrec.runs.in_memory import fit_in_memory  # brings Lightning, only needed here

        functions = {name: values.pop(name) for name in FUNCTIONS if callable(values.get(name))}
        hooks = Hooks(callbacks, logger, device, **functions)
        start = Path(init_from) if init_from else None
        fitted = fit_in_memory(
            *(data, model, values, hooks), items=items, init_from=start, final=final
        )
        return cls(*fitted, device)

    def update(
        self,
        data: Any,
        *,
        items: Any = None,
        device: torch.device | str | None = None,
        **values: Any,
    ) -> "Recommender":
        """Go on training on what happened since, without starting over; this one stays as it is.

        Args:
            data: the log that goes on, as for `fit`, with what the users did before: it is read in their
                histories, and a share of it is learned again. What is later than all that the model was
                trained on is new.
            items: titles and attributes of new items: a data frame or a path.
            device: as for `fit`.
            values: `epochs`, `replay` and `learning_rate`, see `miqrec.runs.update_config.UpdateConfig`.

        Raises:
            MiqrecError: the model was not fitted on everything or only counts, the data can't be read or
                have nothing that is new, or a setting that there is not.
        """
        from miqrec.runs.update import update  # brings Lightning, only needed here

        config = read_update(values)
        dataset, about = open_log(self.artifact, data, items)
        hooks = Hooks(logger=False, device=device)
        updated = update(self.artifact, dataset, about, config, hooks)
        return Recommender(updated.artifact, dataset, device=device)

    def with_new_items(self, items: Any) -> "Recommender":
        """Give items that the model has never seen vectors like those of items with their attributes.

        Lists mark them by "attributes" as their source, until an `update` has learned from interactions
        with them. `save` keeps them. `miqrec.models.likeness` says how the vectors are made, and
        docs/updates.md what they are worth.

        Args:
            items: titles and attributes, as for `fit`; those of items that are known are left alone.

        Raises:
            MiqrecError: the model only counts, its own items have no attributes, or no item is new and
                shares an attribute with a known one.
        """
        described = read_items(items, self.artifact.config.data.columns)
        artifact = with_new_items(self.artifact, described)
        return Recommender(artifact, self.dataset, self.history, self.device)

    def recommend(  # noqa: PLR0913 - whom to recommend to, and options by their names
        self,
        users: Iterable[Id] | None = None,
        histories: Sequence[Sequence[Id]] | None = None,
        *,
        k: int = 10,
        data: Any = None,
        kinds: Sequence[Sequence[str]] | None = None,
        exclude_seen: bool | Sequence[str] | None = None,
        mix: Mix | None = None,
        temperature: float | None = None,
        on_unknown: OnUnknown = "skip",
        unknown_users: OnUnknown = "error",
        with_uncertainty: bool = False,
        index: bool = False,
    ) -> pl.DataFrame:
        """List the k best items for users of the data, or after histories of people it has never seen.

        Args:
            users: external ids; None for all of them.
            histories: external item ids, oldest first; instead of users.
            k: the length of the lists.
            data: where the users' histories are, as for `fit`; needed after `load`.
            kinds: the kind of event of each item of `histories`.
            exclude_seen: leave out what is in the history, or only the items of some kinds of event, as in
                ("purchase",); by default as the model was fitted.
            mix: the weights of the newest positions' answers, newest first, such as (0.6, 0.4), which
                make a list swing less at an odd click; "trained" for those that the model was trained
                with; by default what was saved with the model.
            temperature: what scores are divided by before answers are mixed; by default what was saved.
            on_unknown: items that the model does not know are skipped with a warning, or an error.
            unknown_users: users without interactions in the data are an error, or skipped with a warning.
            with_uncertainty: add `probability`, how likely each item is to be the next one. The sum over a
                list says how likely it holds the next item. The probabilities are true to what happens
                once a temperature was chosen on validation (`fit_temperature`, `with_inference`).
            index: have an approximate index propose the items of a large catalogue (`miqrec[index]`). How
                many of the exact lists it finds is measured and reported.

        Returns:
            a frame with `user` (or the number of the history, from 0), `item`, `title`, `score`,
            `rank` (from 1) and `source`: "model", "popularity" where the history has no known item, or
            "attributes" for an item that nobody had used when the model was fitted (`with_new_items`); and
            `probability` with `with_uncertainty`, null where the source is popularity.

        Raises:
            MiqrecError: an unknown user, k larger than the catalogue, no histories at hand, or a model
                without probabilities that is asked for its uncertainty.
        """
        asked = self._ask(
            Whom(users, histories, kinds, data, self.dataset),
            index,
            k=k,
            exclude_seen=exclude_seen,
            mix=mix,
            temperature=temperature,
            on_unknown=on_unknown,
            unknown_users=unknown_users,
            with_uncertainty=with_uncertainty,
        )
        return make_lists(asked)

    def recommend_to(
        self,
        out: str | Path,
        users: Iterable[Id] | None = None,
        histories: Sequence[Sequence[Id]] | None = None,
        *,
        data: Any = None,
        kinds: Sequence[Sequence[str]] | None = None,
        index: bool = False,
        **options: Unpack[ListOptions],
    ) -> Written:
        """Write the lists that `recommend` would return to a file or a folder, in bounded memory.

        They are made a part at a time. A process that was stopped is taken up where it was by the same
        call; until all lists are there, the parts are in a folder beside `out`, whose name ends in .parts.

        Args:
            out: a .parquet, .csv or .jsonl file, or a folder, which gets Parquet files. Lists that stand
                there already are replaced once the new ones are complete.
            users: as for `recommend`.
            histories: as for `recommend`.
            data: as for `recommend`.
            kinds: as for `recommend`.
            index: as for `recommend`.
            options: `k` and the other options of `recommend`.

        Raises:
            MiqrecError: as `recommend`; or something else stands at `out`, or another request was begun
                there and not finished.
        """
        check_out(Path(out))
        whom = Whom(users, histories, kinds, data, self.dataset)
        return write_lists(self._ask(whom, index, **options), Path(out))

    def explain(
        self,
        user: Id | None = None,
        history: Sequence[Id] | None = None,
        *,
        items: Sequence[Id] | None = None,
        k: int = 10,
        data: Any = None,
        kinds: Sequence[str] | None = None,
        mix: Mix | None = None,
        exclude_seen: bool | Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """Find the items of a history that count most for recommended items, by leaving each out.

        The influence of a history's item on a recommended one is by how much the logarithm of the
        recommended item's probability falls when the history is read without it, as if it had never been:
        log p(i | h) - log p(i | h without it). `miqrec.explanation.leaving_out` has the details.

        Example:
            >>> rec.explain(history=["heat", "ronin", "amelie"], items=["collateral"])

        Args:
            user: a user of the data.
            history: external item ids, oldest first; instead of a user.
            items: the items to explain; by default the k best.
            k: how many items to explain where they aren't named.
            data: where the user's history is, as for `fit`; needed after `load`.
            kinds: the kind of event of each item of `history`.
            mix: as for `recommend`.
            exclude_seen: as for `recommend`.

        Returns:
            a frame with a row for each explained item and item of the history that the model reads: `item`,
            `title`, `rank` (the explained item's place in the list), `because` and `because_title` (the
            history's item), `position` (how many items came after it, 0 for the newest), `influence`
            and `rank_without` (the place without it); the items that count most come first.

        Raises:
            MiqrecError: the history has no known item, an item is unknown or not to be recommended, or as
                `recommend`.
        """
        whom = one_person(user, history, kinds, data, self.dataset)
        return explain_list(self._ask(whom, k=k, mix=mix, exclude_seen=exclude_seen), items)

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
        check_request(k)
        inference = choose_for_lists(self.artifact, mix=mix, temperature=temperature)
        request = ListRequest(self.artifact.model, self.artifact.popularity, k, inference)
        splits = held_out(self.artifact, part, data, self.dataset)
        return score_lists(request, splits, part, self.device)

    def ranks(
        self,
        part: Held = "test",
        *,
        data: Any = None,
        mix: Mix | None = None,
        temperature: float | None = None,
    ) -> pl.DataFrame:
        """Rank each held-out item, as `rank_questions` does; arguments are those of `evaluate`."""
        inference = choose_for_lists(self.artifact, mix=mix, temperature=temperature)
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
        perturbations: Sequence[Perturbation | str] = PERTURBATIONS,
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
            perturbations: what is done to the histories, by name, such as "random-added", or as they are.
            draws: how often each is drawn.
            users: ask for so many users alone, whom the seed chooses; all by default.
            seed: the seed of the noise, which is the same for all models.
            mix: as for `recommend`.
            temperature: as for `recommend`.

        Returns:
            a row for each perturbation, draw and question, as `miqrec.stability.measure_stability` returns
            it; `miqrec.stability.measured` and `summarise` make a table of it.

        Raises:
            MiqrecError: as `evaluate`, or as `miqrec.stability.measure_stability`.
        """
        inference = choose_for_lists(self.artifact, mix=mix, temperature=temperature)
        request = ListRequest(self.artifact.model, self.artifact.popularity, LISTED, inference)
        questions = self.questions(part, data=data)
        if users is not None:
            questions = sample_users(questions, users, seed)
        counts = self.artifact.counts
        return measure_stability(
            *(request, questions, counts, perturbations), draws=draws, seed=seed, device=self.device
        )

    def fit_temperature(self, *, data: Any = None, mix: Mix | None = None) -> float:
        """Choose a temperature on the validation questions, under which their items are most likely.

        Models that were trained by bce or gbce need one before their answers can be mixed:

            mix = (0.6, 0.4)
            rec = rec.with_inference(mix=mix, temperature=rec.fit_temperature(mix=mix))

        `miqrec.evaluation.temperature` has the details.

        Args:
            data: as for `fit`; needed after `load`.
            mix: as for `recommend`; the temperature is that of the mixture.
        """
        questions = self.questions("valid", data=data)
        inference = with_changes(self.artifact.config.inference, mix=mix)
        return fit_temperature(self.artifact.model, questions, inference, device=self.device)

    def with_inference(
        self,
        *,
        mix: Mix | None = None,
        temperature: float | None = None,
        exclude_seen: bool | Sequence[str] | None = None,
    ) -> "Recommender":
        """Give the same model with other defaults, which `save` keeps; arguments are those of `recommend`.

        Raises:
            MiqrecError: a value is out of range, or the model doesn't have the answers to mix.
        """
        inference = choose_inference(
            self.artifact, mix=mix, temperature=temperature, exclude_seen=exclude_seen
        )
        config = self.artifact.config.model_copy(update={"inference": inference})
        return Recommender(
            replace(self.artifact, config=config), self.dataset, self.history, self.device
        )

    def questions(self, part: Held = "test", *, data: Any = None) -> Questions:
        """Return the histories that `evaluate` asks about and the items that followed, in internal numbers.

        Raises:
            MiqrecError: as `evaluate`.
        """
        return held_out(self.artifact, part, data, self.dataset).held(part)

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

    def _ask(self, whom: Whom, index: bool = False, **options: Unpack[ListOptions]) -> Asked:
        refuse_stuck_process()
        asked = ask(self.artifact, whom, self.device, **options)
        return with_index_of(asked) if index else asked
