"""The API key, where the service has one."""

import secrets
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from miqrec.serving.errors import ServiceError
from miqrec.serving.service import Parts

_bearer = HTTPBearer(auto_error=False, description="The service's key, where it was given one.")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def require_key(service: Parts, credentials: Credentials) -> None:
    """Refuse a request without the key of a service that has one.

    Raises:
        ServiceError: The key is missing or wrong: status 401.
    """
    key = service.settings.api_key
    assert key is not None  # or nobody would be asked for it
    given = credentials.credentials if credentials else ""
    if not secrets.compare_digest(given.encode(), key.get_secret_value().encode()):
        raise ServiceError(
            401, "unauthorized", "send the service's key as the header Authorization: Bearer KEY"
        )
