"""A newer model takes the place of the one that answers, without a request that fails.

What `settings.artifact` and `settings.items` name is looked at every few seconds. Once it has changed, and
has stayed the same from one look to the next, it is loaded beside the model that answers. If it can be,
requests that come from then on are answered by it; those before it are answered by the old one. If it can't,
the old one stays.
"""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime
from pathlib import Path

from miqrec.errors import MiqrecError
from miqrec.serving.engine import open_engine
from miqrec.serving.service import Refusal, Service
from miqrec.serving.settings import Settings

log = logging.getLogger(__name__)

_FILES = ("config.json", "items.parquet", "model.safetensors")

Signature = tuple[tuple[str, int, int, int], ...]
"""Names of files with what changes when they are written."""


class Swapper:
    """Looks for a newer model, and loads it.

    Args:
        service: Whose engine is replaced.
        signature: That of what `service.engine` was loaded from.
    """

    def __init__(self, service: Service, signature: Signature) -> None:
        self._service, self._known = service, signature
        self._asked = asyncio.Event()

    def reload(self) -> None:
        """Load what is there now, changed or not."""
        self._asked.set()

    async def run(self) -> None:
        """Look and load, until this task is cancelled."""
        before = self._known
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._service.settings.watch_seconds)
            now = await asyncio.to_thread(signature, self._service.settings)
            has_settled = now == before and now != self._known
            before = now
            if has_settled or self._asked.is_set():
                self._asked.clear()
                self._known = now
                await self._load()

    async def _load(self) -> None:
        service = self._service
        try:
            settings = service.settings
            engine = await asyncio.to_thread(
                open_engine, settings.artifact, index=settings.index, items=settings.items
            )
        except MiqrecError as error:
            self._refuse(str(error))
        except Exception as error:
            self._refuse(f"it can't be loaded ({type(error).__name__})")
        else:
            service.engine, service.refusal = engine, None
            service.metrics.swapped("loaded")
            service.metrics.show_model(engine.about)
            log.info("model loaded", extra={"fields": engine.about._asdict()})

    def _refuse(self, reason: str) -> None:
        self._service.refusal = Refusal(reason, datetime.now(UTC))
        self._service.metrics.swapped("refused")
        log.error("model refused", extra={"fields": {"reason": reason}})


def signature(settings: Settings) -> Signature:
    """Tell the files that a service answers by from those that may replace them."""
    path = settings.artifact
    folders = (path, path / "artifact", path / "final", path / "final" / "artifact")
    files = [path, *(folder / name for folder in folders for name in _FILES)]
    if settings.items:
        files.append(settings.items)
    return tuple(_of_file(file) for file in files if file.is_file())


def _of_file(path: Path) -> tuple[str, int, int, int]:
    try:
        about = path.stat()
    except OSError:  # it has just been taken away
        return str(path), 0, 0, 0
    return str(path), about.st_mtime_ns, about.st_size, about.st_ino
