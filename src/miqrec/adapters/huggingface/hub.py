"""A recommender with `from_pretrained`, `save_pretrained` and `push_to_hub`."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from miqrec.adapters.huggingface.card import describe
from miqrec.errors import MiqrecError
from miqrec.recommender import Recommender
from miqrec.runs.artifact import FILES, Artifact, save_artifact
from miqrec.system.optional import optional

optional("huggingface_hub", "huggingface")

from huggingface_hub import ModelCard, ModelCardData, PyTorchModelHubMixin, snapshot_download  # noqa: E402

_OTHERS = {"README.md", ".gitattributes", ".git", ".cache"}
"""What else a repository of the Hub has."""


class HubRecommender(
    Recommender, PyTorchModelHubMixin, library_name="miqrec", tags=["sequential-recommendation"]
):
    """A `Recommender` that lives on the Hugging Face Hub.

        HubRecommender.of(recommender).push_to_hub("you/your-model")
        HubRecommender.from_pretrained("you/your-model").recommend(histories=[["heat", "ronin"]])

    A repository holds what `Recommender.save` writes and a model card, so `Recommender.load` reads its folder
    too. Histories stay with you. The methods are those of `huggingface_hub.PyTorchModelHubMixin`.
    """

    @classmethod
    def of(cls, recommender: Recommender) -> "HubRecommender":
        """Give a recommender these methods; its data and history stay at hand for the model card."""
        return cls(
            recommender.artifact, recommender.dataset, recommender.history, recommender.device
        )

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> str | None:
        """Write the model, its items and a model card to a folder.

        Args:
            save_directory: A new folder, an empty one, or one that was written by this method, whose model
                is then replaced. A README.md that is there stays.
            options: Those of `PyTorchModelHubMixin.save_pretrained`; `model_card_kwargs` go to
                `generate_model_card`.

        Raises:
            MiqrecError: If the folder holds anything else.
        """
        _check_folder(Path(save_directory))
        link: str | None = super().save_pretrained(save_directory, **options)
        return link

    def generate_model_card(self, *, license: str | None = None) -> ModelCard:  # noqa: A002  (the Hub's name)
        """Describe data, metrics with intervals, stability, recipe and licence.

        Metrics need the data: they are measured right after `fit`, and left out of the card after `load`.

        Args:
            license: Of the weights, by the Hub's name, such as "cc-by-4.0"; think of your data's.
        """
        about = self._hub_mixin_info.model_card_data
        header = ModelCardData(library_name=about.library_name, tags=about.tags, license=license)
        return ModelCard(f"---\n{header.to_yaml()}\n---\n\n{describe(self, license)}")

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write the artifact; `config.json`, which makes it one, comes last."""
        with tempfile.TemporaryDirectory(dir=save_directory.parent, prefix=".saving-") as folder:
            saved = Path(folder) / "artifact"
            save_artifact(_without_folders(self.artifact), saved)
            for name in sorted(FILES, key="config.json".__eq__):
                os.replace(saved / name, save_directory / name)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        device: str | None = None,
        **where: Any,
    ) -> "HubRecommender":
        """Load a folder, or a repository of the Hub, of which the model's files alone are fetched."""
        folder = model_id
        if not Path(model_id).is_dir():
            folder = snapshot_download(model_id, allow_patterns=sorted(FILES), **where)
        recommender = cls.load(folder, device=device)
        assert isinstance(recommender, cls)
        return recommender


def _without_folders(artifact: Artifact) -> Artifact:
    """Keep of the data's files their names alone: where they lie is nobody's business."""
    data = artifact.config.data
    names = {
        key: Path(path).name
        for key in ("source", "items")
        if (path := getattr(data, key)) is not None
    }
    config = artifact.config.model_copy(update={"data": data.model_copy(update=names)})
    return replace(artifact, config=config)


def _check_folder(folder: Path) -> None:
    if folder.is_file():
        raise MiqrecError(f"{folder} is a file; name a folder for the model")
    others = (
        {path.name for path in folder.iterdir()} - FILES - _OTHERS if folder.exists() else set()
    )
    if others:
        raise MiqrecError(
            f"{folder} holds {min(others)!r}, which is no part of a saved model; name a new folder"
        )
