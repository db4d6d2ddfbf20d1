"""How the service is run: each setting is an option of `miqrec serve` and an environment variable."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from miqrec.system.processor import cores


class Settings(BaseSettings):
    """Settings of the service; one that isn't given is read from MIQREC_ and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="MIQREC_", frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    artifact: Path
    """A saved model, a run, or an exported .onnx file."""
    items: Path | None = None
    """A table of the items, whose attributes, such as price and stock, are those that lists are filtered by
    instead of the model's; it is read again when it changes."""
    beside: Path | None = None
    """A second model, which the page shows beside the first and /compare compares with it."""
    index: bool = False
    """Have an approximate index propose the items of a large catalogue; how much of the exact lists it finds
    is measured when a model is loaded."""
    host: str = "127.0.0.1"
    """The address to listen at; 0.0.0.0 listens at all of this machine's."""
    port: int = Field(default=8000, ge=0, le=65535)
    """The port to listen at; 0 takes a free one."""
    api_key: SecretStr | None = None
    """A key that every request must bring as `Authorization: Bearer KEY`; better given as MIQREC_API_KEY,
    since other people of the machine can read a command line."""
    store: str | None = "sqlite:///events.db"
    """Where the histories of known users are: a file of SQLite's, or the URL of another database such as
    postgresql://user@host/database; nothing, where histories come with the requests alone."""
    max_lists: int = Field(default=256, ge=1)
    """How many lists one request may ask for."""
    max_history: int = Field(default=5000, ge=1)
    """How many items a history may have; of a known user the newest so many are read."""
    max_explained: int = Field(default=16, ge=1)
    """How many lists one request may have explained."""
    max_k: int = Field(default=500, ge=1)
    """How long a list may be."""
    max_body: int = Field(default=2**20, ge=1)
    """How many bytes the body of a request may have."""
    body_seconds: float = Field(default=10.0, gt=0)
    """For how many seconds a client may take to send the body of a request."""
    watch_seconds: float = Field(default=1.0, gt=0)
    """How often to look whether there is a newer model at the artifact's place, which is then loaded."""
    grace_seconds: int = Field(default=30, ge=0)
    """For how many seconds requests that are being answered may go on after the service is told to stop."""
    log_level: Literal["info", "warning", "error"] = "info"
    """What is logged: info has a line for each request."""
    threads: int = Field(default_factory=cores, ge=1)
    """How many passes of the model go on at the same time; by default as many as the machine has cores."""
    max_batch: int = Field(default=16, ge=1)
    """How many lists one pass of the model makes at most."""
    max_queue: int = Field(default=1024, ge=1)
    """How many lists may wait for the model; a request for more is answered with 503."""
    max_wait: float = Field(default=2.0, gt=0)
    """For how many seconds a request may wait for the model before it is answered with 503."""
