"""Strict reading of our own canonical documents: exact members and types, or an `InputError` naming the place."""

from __future__ import annotations

from typing import Any, TypeAlias

from governance.errors import InputError

Document: TypeAlias = dict[str, Any]
"""A canonical JSON object (see `ledger.canonical`): string keys, no floats."""

_HINT = "the document was not written by this version of qayd; fetch it again from the ledger's blobs"


def exactly(value: object, members: frozenset[str], where: str) -> Document:
    """Return `value` if it is an object with exactly `members`; raises InputError naming `where`."""
    if not isinstance(value, dict):
        raise InputError(f"{where} is not an object", _HINT)
    unknown = sorted(set(value) - members)
    absent = sorted(members - set(value))
    if unknown or absent:
        raise InputError(f"{where} has unknown members {unknown} or lacks {absent}", _HINT)
    return value


def text(document: Document, name: str, where: str) -> str:
    """Return member `name` as a string."""
    value = document[name]
    if not isinstance(value, str):
        raise InputError(f"{where}.{name} is not a string", _HINT)
    return value


def optional_text(document: Document, name: str, where: str) -> str | None:
    """Return member `name` as a string, or None where it is null."""
    return None if document[name] is None else text(document, name, where)


def integer(document: Document, name: str, where: str) -> int:
    """Return member `name` as an integer; a boolean is none."""
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{where}.{name} is not an integer", _HINT)
    return value


def items(document: Document, name: str, where: str) -> list[Any]:
    """Return member `name` as a list."""
    value = document[name]
    if not isinstance(value, list):
        raise InputError(f"{where}.{name} is not a list", _HINT)
    return value


def texts(document: Document, name: str, where: str) -> tuple[str, ...]:
    """Return member `name` as a tuple of strings."""
    values = items(document, name, where)
    if not all(isinstance(value, str) for value in values):
        raise InputError(f"{where}.{name} holds something that is not a string", _HINT)
    return tuple(values)
