"""A subject: the governed thing. `model/credit-risk@3` is only its label; its identity is a digest, held elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from governance.errors import InputError
from ledger.canonical import digest_of

_NAME: Final = r"[a-z0-9][a-z0-9._-]{0,63}"
_TOKEN: Final = r"[a-z0-9-]{8,64}"
_FORMS: Final = {
    "dataset": re.compile(rf"(?P<name>{_NAME})@(?P<version>[1-9][0-9]{{0,5}})"),
    "model": re.compile(rf"(?P<name>{_NAME})(@(?P<version>[1-9][0-9]{{0,5}}))?"),
    "run": re.compile(rf"(?P<name>{_TOKEN})"),
    "request": re.compile(rf"(?P<name>{_TOKEN})"),
    "deployment": re.compile(rf"(?P<name>{_NAME})"),
    "person": re.compile(r"(?P<name>p-[a-z0-9]{8,32})"),
}
_HINT: Final = "write it as dataset/NAME@VERSION, model/NAME@VERSION or deployment/NAME"


class SubjectKind(StrEnum):
    """What sort of thing a subject is."""

    DATASET = "dataset"
    MODEL = "model"
    RUN = "run"
    REQUEST = "request"
    DEPLOYMENT = "deployment"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Subject:
    """A parsed label. `version` is None for kinds without one, and for a model's bare name (`model/credit-risk`)."""

    kind: SubjectKind
    name: str
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Read a label; raises InputError for anything `str` would not write."""
        kind, _, rest = text.partition("/")
        form = _FORMS.get(kind)
        match = form.fullmatch(rest) if form else None
        if match is None:
            raise InputError(f"{_shown(text)} is not a subject", _HINT)
        version = match.groupdict().get("version")
        return cls(SubjectKind(kind), match["name"], None if version is None else int(version))

    @classmethod
    def deployment(cls, target: str) -> Subject:
        """The deployment behind a target: `production` is served as `deployment/production`."""
        return cls.parse(f"deployment/{target}")

    def __str__(self) -> str:
        """The label; `parse` is its twin."""
        version = "" if self.version is None else f"@{self.version}"
        return f"{self.kind}/{self.name}{version}"


def require(text: str, kind: SubjectKind) -> Subject:
    """Read a label that must be of `kind`, with a version where the kind has one; raises InputError."""
    subject = Subject.parse(text)
    if subject.kind is not kind or (kind is SubjectKind.MODEL and subject.version is None):
        raise InputError(f"{_shown(text)} is not a {kind}", _HINT)
    return subject


def registration_claim(subject: str) -> str:
    """The ledger claim an entry that registers `subject` holds, so that no two entries can ever register it."""
    return f"registered:{subject}"


def use_claim(request: str) -> str:
    """The ledger claim of the intent that uses up a request's approvals, so that they are used at most once."""
    return f"used:{request}"


def deployment_digest(model_digest: str, target: str, configuration: str) -> str:
    """The identity of a deployment: a digest over the model's, the target and the configuration document's digest.

    An image, where there is one, is a member of the configuration document and so part of this.
    """
    return digest_of(
        {"v": "qayd/deployment/v1", "model": model_digest, "target": target, "configuration": configuration}
    )


def _shown(text: str) -> str:
    """A caller's text for a message: itself if it is short harmless ASCII, else a stand-in."""
    return repr(text) if re.fullmatch(r"[A-Za-z0-9@/._:-]{1,100}", text) else "this text"
