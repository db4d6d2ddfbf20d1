"""What decides the outcome of a run."""

from miqrec.config import Config
from miqrec.data.open import DataConfig
from miqrec.data.split_config import SplitConfig
from miqrec.evaluation.inference import InferenceConfig
from miqrec.models.registry import ModelConfig
from miqrec.runs.initial_weights import InitialWeights
from miqrec.training.config import TrainingConfig
from miqrec.training.pretraining.config import PretrainingConfig


class RunConfig(Config):
    """All that decides the outcome of a run."""

    data: DataConfig
    fingerprint: str  # of the data and of what is held out of them
    split: SplitConfig = SplitConfig()
    model: ModelConfig
    training: TrainingConfig
    inference: InferenceConfig = InferenceConfig()
    init_from: InitialWeights | None = None


class PretrainingRunConfig(Config):
    """All that decides the outcome of a pre-training."""

    data: DataConfig
    fingerprint: str  # of the data and of what is held out of them
    split: SplitConfig = SplitConfig()
    attributes: str  # their fingerprint
    model: ModelConfig
    pretraining: PretrainingConfig
