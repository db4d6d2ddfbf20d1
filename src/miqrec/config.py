"""The base of every configuration: small, frozen, and strict about unknown keys."""

from pydantic import BaseModel, ConfigDict, ValidationError


class Config(BaseModel):
    """A frozen pydantic model; an unknown key or a value out of range is an error on load.

    The docstring below a field becomes the help of its command-line option.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), use_attribute_docstrings=True
    )


def explain(error: ValidationError) -> str:
    """What is wrong with the values, in one sentence for a person."""
    problems = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            problems.append(f"there is no setting {key!r}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            problems.append(f"{key}: {message}" if key else message)
    return "; ".join(problems)
