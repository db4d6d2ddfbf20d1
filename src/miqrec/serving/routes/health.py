"""`GET /health` and `GET /ready`: whether the process lives, and which model answers."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from miqrec.serving.schemas import ModelInfo
from miqrec.serving.service import Parts

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """The service answers, and by which model."""

    status: Literal["ready"] = "ready"
    model: ModelInfo
    refused: str | None
    """Why a newer model than the one that answers was refused; null where none was."""
    refused_since: datetime | None


@router.get("/health")
async def health() -> Health:
    """Say that the process lives."""
    return Health()


@router.get("/ready")
async def ready(service: Parts) -> Ready:
    """Say which model answers."""
    refusal = service.refusal
    return Ready(
        model=ModelInfo.model_validate(service.engine.about),
        refused=refusal.reason if refusal else None,
        refused_since=refusal.since if refusal else None,
    )
