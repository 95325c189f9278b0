"""Sends spans to an OpenTelemetry collector: OTLP over HTTP, as JSON."""

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from synscope.cli import ending
from synscope.errors import Exit, SynscopeError

PATH = "/v1/traces"
TIMEOUT_S = 10
_SAID = 200
_NOT_FOUND = 404


class PartialSuccess(msgspec.Struct, frozen=True):
    """ExportTracePartialSuccess: an int64 is a string in protobuf's JSON."""

    rejectedSpans: int = 0  # noqa: N815 - the protocol's name
    errorMessage: str = ""  # noqa: N815


class Answer(msgspec.Struct, frozen=True):
    """ExportTraceServiceResponse."""

    partialSuccess: PartialSuccess | None = None  # noqa: N815


def endpoint(url: str) -> str:
    """Where traces go: a URL without a path names the collector. Raises SynscopeError: USAGE."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        why, remedy = "it is no http:// or https:// URL", "--otlp http://localhost:4318"
        raise SynscopeError(f"cannot send to {url}", why, remedy, Exit.USAGE)
    return parts._replace(path=PATH).geturl() if parts.path in ("", "/") else url


def send(url: str, requests: Iterable[bytes]) -> None:
    """Post each request.

    Raises:
        SynscopeError: the collector is not reached, or does not take it.
    """
    for body in requests:
        _tell_rejected(_post(url, body))


def _post(url: str, body: bytes) -> bytes:
    import http.client  # noqa: PLC0415
    from urllib import error, request  # noqa: PLC0415

    what = f"cannot send to {url}"
    # endpoint() has looked at the scheme
    post = request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with request.urlopen(post, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return bytes(answer.read())
    except error.HTTPError as failure:
        said = failure.read(_SAID).decode(errors="replace").strip()
        why = f"it answers {failure.code} {failure.reason}{f': {said}' if said else ''}"
        raise SynscopeError(what, why, _remedy(failure.code)) from failure
    except (OSError, http.client.HTTPException) as failure:
        cause = getattr(failure, "reason", failure)
        why = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        remedy = "a collector that listens for OTLP over HTTP there (port 4318; 4317 is gRPC)"
        raise SynscopeError(what, why, remedy) from failure


def _remedy(status: int) -> str:
    return f"the URL with its path, {PATH} for most collectors" if status == _NOT_FOUND else ""


def _tell_rejected(answer: bytes) -> None:
    """Say which spans the collector did not keep."""
    try:
        told = msgspec.json.decode(answer, type=Answer, strict=False).partialSuccess
    except msgspec.MsgspecError:
        return
    if told is not None and (told.rejectedSpans or told.errorMessage):
        ending.say(f"the collector rejected {told.rejectedSpans} spans: {told.errorMessage}")
