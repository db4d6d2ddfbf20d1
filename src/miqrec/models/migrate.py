"""What older versions wrote, in today's form."""

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
