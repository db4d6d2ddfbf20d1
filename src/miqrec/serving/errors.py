"""What went wrong with a request, in one shape for every status."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from miqrec.errors import MiqrecError
from miqrec.serving.store import StoreError

log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What is wrong, for programs (`code`) and for people (`message`)."""

    code: str
    message: str
    where: list[str | int] = []
    """The path to the value that is wrong, such as ["body", "k"]; empty where no value is to blame."""


class ErrorAnswer(BaseModel):
    """The body of every answer whose status is 400 or above."""

    error: Problem


class ServiceError(Exception):
    """A request that is not answered as asked.

    Args:
        status: The HTTP status.
        code: What went wrong, in one word for programs.
        message: One sentence for people.
        where: The path to the value that is wrong.
        retry_after: After how many seconds the same request may succeed.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        where: Sequence[str | int] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = Problem(code=code, message=message, where=list(where))
        self.retry_after = retry_after


def refused(message: str, *where: str | int) -> ServiceError:
    """Refuse a value of the body that can't be honoured."""
    return ServiceError(422, "invalid_request", message, ["body", *where])


def error_response(error: ServiceError) -> JSONResponse:
    """Make the answer that tells of an error."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    body = ErrorAnswer(error=error.problem).model_dump()
    return JSONResponse(body, error.status, headers)


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error in the one shape."""
    app.add_exception_handler(ServiceError, _of_service)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(MiqrecError, _of_library)
    app.add_exception_handler(StoreError, _of_store)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _unexpected)


def _of_service(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    return error_response(error)


def _of_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first, *others = error.errors()
    message = first["msg"].removeprefix("Value error, ")
    if others:
        message += f" (and {len(others)} more)"
    return error_response(ServiceError(422, "invalid_request", message, first["loc"]))


def _of_library(_: Request, error: Exception) -> JSONResponse:
    return error_response(ServiceError(422, "invalid_request", str(error), ["body"]))


def _of_store(_: Request, error: Exception) -> JSONResponse:
    log.error("store_unavailable", extra={"fields": {"reason": str(error)}})
    return error_response(ServiceError(503, "store_unavailable", str(error), retry_after=1))


def _of_http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    answer = error_response(ServiceError(error.status_code, code, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


def _unexpected(_: Request, __: Exception) -> JSONResponse:
    # the server logs it, for it is raised on after this answer
    sentence = "the service failed to answer; its log has the reason"
    return error_response(ServiceError(500, "internal_error", sentence))
