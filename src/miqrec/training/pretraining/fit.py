"""Pre-training a model, for all the epochs that are asked for, since nothing is validated."""

import warnings
from pathlib import Path

import torch
from torch import Tensor

from miqrec.data.batches.pieces import worth_on
from miqrec.data.catalogue import Catalogue
from miqrec.data.histories import Histories
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models.protocol import Pretrainable
from miqrec.system.environment import choose_device, require_float64
from miqrec.system.seeds import Purpose, seeded, stream
from miqrec.training.hooks import NO_HOOKS, Hooks
from miqrec.training.pretraining.attributes import attribute_labels
from miqrec.training.pretraining.config import PretrainingConfig
from miqrec.training.pretraining.corruption import NegativeSource
from miqrec.training.pretraining.examples import PrefixExamples, prefix_loader
from miqrec.training.pretraining.step import Pretraining
from miqrec.training.trainer import run_epochs


def pretrain(
    model: Pretrainable,
    histories: Histories,
    catalogue: Catalogue,
    config: PretrainingConfig,
    folder: Path,
    hooks: Hooks = NO_HOOKS,
) -> list[dict[str, float]]:
    """Pre-train on the training items, read in both directions, and leave the model causal again.

    Args:
        model: What is pre-trained, in place; its heads are thrown away.
        histories: The histories to learn from, without what is held out.
        catalogue: The items with their attributes.
        config: Objectives, learning rate, epochs, seed.
        folder: Gets `history.csv` and `checkpoints/`; a pre-training that was stopped there goes on.
        hooks: Callbacks, logger and device.

    Returns:
        A row an epoch: the mean loss of a prefix, its four parts before weighting, and seconds.

    Raises:
        MiqrecError: If there is nothing to learn, no training item, a loss is not finite, or hooks
            bring an optimizer or a schedule: pre-training has its own.
    """
    labels = attribute_labels(catalogue)
    _check_objectives(config, labels)
    device = _device(hooks)
    worth = worth_on(device, reduced=config.reduced)
    examples = PrefixExamples(histories, model.max_length, config.prefixes, worth)
    loader = prefix_loader(examples, config.batch_size, config.seed)
    source = NegativeSource.of(histories, device)
    with seeded(stream(config.seed, Purpose.HEADS)):
        step = Pretraining(model, config, labels, source, examples.n_drawn / len(loader))
    per_step = config.batch_size * float(examples.lengths.mean())
    model.causal = False
    try:
        return run_epochs(step, loader, config, folder, per_step, hooks).rows
    finally:
        model.causal = True


def _device(hooks: Hooks) -> torch.device:
    if hooks.optimizer or hooks.schedule:
        raise MiqrecError("pre-training has its own optimizer and schedule; give none")
    device = choose_device(hooks.device)
    require_float64(device, "pre-training")
    return device


def _check_objectives(config: PretrainingConfig, labels: Tensor) -> None:
    """Warn if items without attributes leave AAP and MAP empty; refuse it if nothing else is learned."""
    described = labels.any()
    weights = [config.mip_weight, config.sp_weight]
    if described:
        weights += [config.aap_weight, config.map_weight]
    if not any(weights):
        reason = "" if described else ", and without attributes AAP and MAP have nothing to predict"
        raise MiqrecError(
            f"there is nothing to pre-train for: the weights are 0{reason}; give --mip-weight or "
            "--sp-weight, or bring the items' attributes with --items"
        )
    if not described and config.aap_weight + config.map_weight:
        warnings.warn(
            "no item has attributes, so only masked items and segments are predicted; "
            "bring attributes with --items to predict them too",
            MiqrecWarning,
            stacklevel=3,
        )
