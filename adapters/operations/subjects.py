"""Finding a version by what people call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from governance.errors import InputError

_View = TypeVar("_View")


def find_version(views: Mapping[str, _View], kind: str, name: str, hint: str) -> _View:
    """The view named `kind/x@1`, `x@1`, or `x` (its newest version). Raises InputError with `hint`."""
    label = name.removeprefix(f"{kind}/")
    if "@" in label:
        found = views.get(f"{kind}/{label}")
    else:
        versions = [subject for subject in views if subject.startswith(f"{kind}/{label}@")]
        newest = max(versions, key=lambda subject: int(subject.rpartition("@")[2]), default="")
        found = views.get(newest)
    if found is None:
        raise InputError(f"there is no {kind}/{label}", hint)
    return found
