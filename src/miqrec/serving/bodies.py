"""Bodies are read whole before a route sees them, with a limit on their size and on the time they take."""

import asyncio
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from miqrec.serving.errors import ServiceError, error_response


class BodyLimit:
    """Middleware that reads each request's body.

    Args:
        app: What answers then.
        most: How many bytes a body may have; longer ones are refused with status 413.
        seconds: For how long a client may take to send it; slower ones are refused with status 408.
    """

    def __init__(self, app: ASGIApp, most: int, seconds: float) -> None:
        self._app, self._most, self._seconds = app, most, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, and hand it on in one piece."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive)
        except ServiceError as error:
            await error_response(error)(scope, receive, send)
        except TimeoutError:
            await error_response(_slow(self._seconds))(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is left to answer
        else:
            await self._app(scope, _replay(body, receive), send)

    async def _read(self, receive: Receive) -> bytes:
        chunks, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._most:
                raise _long(self._most)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body once, and then what the server has to say."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


def _long(most: int) -> ServiceError:
    message = f"the body is longer than {most:,} bytes; ask for less at a time"
    return ServiceError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", message)


def _slow(seconds: float) -> ServiceError:
    message = f"the body took longer than {seconds:g} seconds to arrive; send it again"
    return ServiceError(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow", message)
