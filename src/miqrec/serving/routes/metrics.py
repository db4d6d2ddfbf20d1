"""`GET /metrics`: what the service counts, for Prometheus."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from miqrec.serving.service import Parts

router = APIRouter(tags=["operation"])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(service: Parts) -> PlainTextResponse:
    """Give all counters in Prometheus' text format."""
    return PlainTextResponse(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)
