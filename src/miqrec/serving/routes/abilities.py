"""`GET /abilities`: what the service can show, by which the page chooses its panels."""

from fastapi import APIRouter
from pydantic import BaseModel

from miqrec.serving.asked import without_explanations
from miqrec.serving.comparing import without_comparisons
from miqrec.serving.schemas import ModelInfo
from miqrec.serving.service import Parts

router = APIRouter(tags=["operation"])


class Abilities(BaseModel):
    """What the service can show."""

    model: ModelInfo
    beside: ModelInfo | None
    """The second model, if there is one."""
    users: bool
    """Whether the service knows the histories of users."""
    missing: dict[str, str]
    """Why there are no `explanations` or no `comparisons`, if there are none."""


@router.get("/abilities")
async def abilities(service: Parts) -> Abilities:
    """Say what the page may show."""
    engine, beside = service.engine, service.beside
    reasons = {"explanations": without_explanations(engine), "comparisons": without_comparisons()}
    return Abilities(
        model=ModelInfo.model_validate(engine.about),
        beside=None if beside is None else ModelInfo.model_validate(beside.about),
        users=service.store is not None,
        missing={name: reason for name, reason in reasons.items() if reason},
    )
