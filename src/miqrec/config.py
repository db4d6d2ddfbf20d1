"""The base of every configuration: small, frozen, and strict about unknown keys."""

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """A frozen pydantic model; an unknown key or a value out of range is an error on load."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
