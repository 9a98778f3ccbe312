"""What is measured: a stage of the story, and a call that leaves this machine. Each is a span and counts in seconds."""

from __future__ import annotations

from service.metrics import CALL_SECONDS, STAGE_SECONDS
from service.spans import Span, child

_TO, _STATUS = "call.to", "call.status"


def stage(name: str) -> Span:
    """One of the story's stages. name: one of ours."""
    return child(name, observe=stage_over)


def stage_over(span: Span) -> None:
    """Count the seconds of a stage that is over."""
    STAGE_SECONDS.labels(span.name).observe(span.seconds)


def call(name: str, *, to: str) -> Span:
    """A call to a helpdesk or a model. to: which, by a name of ours. Without `answered` it got no answer, or failed."""
    span = child(name, kind="client", observe=_call_over)
    span.attributes[_TO] = to
    return span


def answered(span: Span, status: int) -> None:
    """The other side answered a call with this status of HTTP."""
    span.attributes["http.response.status_code"] = status
    told(span, _class_of(status))


def told(span: Span, status: str) -> None:
    """How a call ended, where its status is not known: ok, refused, busy, failed or "no answer"."""
    span.attributes[_STATUS] = status
    if status != "ok":
        span.failed(status)


def _call_over(span: Span) -> None:
    status = span.attributes.setdefault(_STATUS, "no answer" if span.failure else "ok")
    CALL_SECONDS.labels(str(span.attributes[_TO]), str(status)).observe(span.seconds)


def _class_of(status: int) -> str:
    if status < 400:
        return "ok"
    if status == 429:
        return "busy"
    return "failed" if status >= 500 else "refused"
