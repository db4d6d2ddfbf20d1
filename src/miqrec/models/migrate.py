"""What older versions wrote, in today's form."""

from collections.abc import Container
from typing import Any

from miqrec.errors import MiqrecError


def modernise(config: Any) -> Any:
    """Turn a model's config as an older version wrote it into today's.

    The models `miq-sasrec` and `miq-s3rec` once had a setting `variant`. "paper" was the layer as it
    is; every other one is an ablation, which `miq-sasrec-ablation` has now.

    Args:
        config: The settings by their names, `name` among them; anything but a dictionary, and a
            config that is today's, is returned as it is.

    Raises:
        MiqrecError: If it describes a model that there is no more.
    """
    if not isinstance(config, dict) or config.get("name") not in ("miq-sasrec", "miq-s3rec"):
        return config
    variant = config.get("variant", "paper")
    config = {name: value for name, value in config.items() if name != "variant"}
    if variant == "paper":
        return config
    if config["name"] == "miq-s3rec":
        raise MiqrecError(
            f"the ablation {variant!r} of miq-s3rec is no longer there; "
            "train it anew as miq-sasrec-ablation with block 's3rec'"
        )
    return config | {"name": "miq-sasrec-ablation", "ablation": variant}


def modernise_checkpoint(checkpoint: dict[str, Any], today: Container[str]) -> None:
    """Drop the biases of `pool_key` that older versions trained, from weights and optimizer.

    They never had a gradient, so the training goes on as it would have with them.

    Args:
        checkpoint: A checkpoint as Lightning writes it, changed in place; its optimizers have one
            group of all parameters.
        today: The names of the weights that the module has now.
    """
    weights = checkpoint["state_dict"]
    obsolete = [name for name in weights if name.endswith("pool_key.bias") and name not in today]
    if not obsolete:
        return
    places = {place for place, name in enumerate(weights) if name in obsolete}
    for optimizer in checkpoint.get("optimizer_states", []):
        _drop_parameters(optimizer, places)
    for name in obsolete:
        del weights[name]


def _drop_parameters(optimizer: dict[str, Any], places: set[int]) -> None:
    """Take parameters out of an optimizer's state, which numbers them from 0, and close the gaps."""
    (group,) = optimizer["param_groups"]
    kept = [place for place in group["params"] if place not in places]
    group["params"] = list(range(len(kept)))
    states = optimizer["state"]
    optimizer["state"] = {new: states[old] for new, old in enumerate(kept) if old in states}
