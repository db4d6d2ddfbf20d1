"""Fitting an encoder: with validation that chooses the epoch, or on everything for a number of them."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

from miqrec.data.batches.evaluation import EvaluationExamples, evaluation_loader
from miqrec.data.batches.pieces import worth_on
from miqrec.data.batches.training import TrainingExamples, training_loader
from miqrec.data.histories import Histories
from miqrec.data.splitting import Splits
from miqrec.evaluation.evaluate import EVALUATION_BATCH, batch_ranks
from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig
from miqrec.models.popularity import popularity_scores
from miqrec.models.protocol import Learner
from miqrec.system.environment import choose_device
from miqrec.training.answers import add_mixture
from miqrec.training.callbacks import History, StopEarly
from miqrec.training.checkpoints import best_weights
from miqrec.training.config import TrainingConfig
from miqrec.training.hooks import NO_HOOKS, Hooks
from miqrec.training.input_noise import make_noise
from miqrec.training.objective import make_objective
from miqrec.training.optimization import check_functions
from miqrec.training.step import Rank, SequenceTraining
from miqrec.training.target_weights import target_weights
from miqrec.training.trainer import run_epochs


class Trained(NamedTuple):
    """What training leaves besides the weights.

    Attributes:
        best_epoch: The epoch, from 1, whose weights the model has.
        history: A row an epoch: `epoch`, `loss`, the validation metrics and `seconds`.
    """

    best_epoch: int
    history: list[dict[str, float]]


def train(
    model: Learner,
    splits: Splits,
    config: TrainingConfig,
    folder: Path,
    hooks: Hooks = NO_HOOKS,
    *,
    inference: InferenceConfig = DEFAULT_INFERENCE,
) -> Trained:
    """Train until validation NDCG@10 stops growing; leaves the best epoch's weights in the model.

    Two trainings in threads of one process leave the weights that each would leave alone.

    Args:
        model: What is trained, in place.
        splits: The histories to train on, and the questions of validation.
        config: Loss, optimizer, epochs, seed.
        folder: Gets `history.csv` and `checkpoints/`; a training that was stopped there goes on.
        hooks: Callbacks, logger, device, and functions that the config names.
        inference: How validation uses the model.

    Raises:
        MiqrecError: If there is nothing to train or to validate on, a loss is not finite, a
            checkpoint is damaged, or a function that the config names is missing.
    """
    valid = splits.held("valid")
    examples = EvaluationExamples(valid, model.max_length, inference.exclude_seen)
    validation = evaluation_loader(examples, EVALUATION_BATCH)
    popularity = popularity_scores(splits.train)
    rank = partial(batch_ranks, popularity=popularity, inference=inference)
    hooks = hooks._replace(callbacks=[StopEarly(config.patience), *hooks.callbacks])
    history = _run(model, splits.train, config, folder, hooks, validation, rank)
    epoch = history.best_epoch
    assert epoch is not None  # since there was validation
    model.load_state_dict(best_weights(folder / "checkpoints", epoch))
    return Trained(epoch, history.rows)


def train_on_everything(
    model: Learner,
    histories: Histories,
    config: TrainingConfig,
    folder: Path,
    hooks: Hooks = NO_HOOKS,
) -> Trained:
    """Train for `config.epochs` on all interactions, the held-out ones too: the model to put into use.

    Arguments and errors are those of `train`; nothing is validated.
    """
    history = _run(model, histories, config, folder, hooks, None)
    return Trained(config.epochs, history.rows)


def _run(
    model: Learner,
    histories: Histories,
    config: TrainingConfig,
    folder: Path,
    hooks: Hooks,
    validation: object | None,
    rank: Rank | None = None,
) -> History:
    check_functions(config, hooks)
    add_mixture(model, config)
    device = choose_device(hooks.device)
    worth = worth_on(device, reduced=config.reduced)
    blocks = config.long_histories == "blocks"
    weights = target_weights(histories, config)
    examples = TrainingExamples(histories, model.max_length, worth, blocks=blocks, weights=weights)
    loader = training_loader(examples, config.batch_size, config.seed)
    objective = make_objective(config, histories, device)
    asked = (1 - config.drop_inputs) * (
        1 + config.add_inputs
    )  # where long rows grow, a little less
    per_step = asked / len(loader)
    noise = make_noise(config, histories.n_items, model.max_length)
    weight = examples.total_weight * per_step
    step = SequenceTraining(model, config, objective, weight, hooks, rank, noise)
    positions = int(examples.lengths.sum()) * per_step
    return run_epochs(step, loader, config, folder, positions, hooks, validation)
