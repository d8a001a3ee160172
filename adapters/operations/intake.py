"""Open events as they arrive, one JSON object a line: appended in batches, answered once durable, soon signed."""

from __future__ import annotations

import io
import json
import os
import select
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from adapters.storage.files import unique
from governance.errors import InputError
from ledger.entry import NewEvent, base64
from ledger.errors import Refused
from ledger.log import Receipt, Refusal

if TYPE_CHECKING:
    from adapters.wiring import Home

BATCH = 256
CHUNK = 1 << 18
MAX_LINE = 1024 * 1024
TICK = 0.25
"""Seconds without a line after which what was appended is signed."""

SIGN_EVERY = 0.5
"""Seconds of steady arrival after which it is signed too, so that a checkpoint follows an append within a second."""

MEMBERS = frozenset({"type", "subject", "data", "id", "time"})
NEEDED = frozenset({"type", "subject", "data"})


@contextmanager
def event_lines(name: str) -> Iterator[Iterable[list[bytes]]]:
    """The lines of a file, or of standard input for `-`, in batches as they arrive.

    A batch has at most 256 lines; an empty one says that a while passed without any. A line longer than MAX_LINE comes
    cut to one byte more. Raises InputError when the file cannot be opened.
    """
    if name == "-":
        yield batches(_chunks(sys.stdin.buffer))
        return
    try:
        handle = Path(name).open("rb")  # noqa: SIM115 - closed below; only opening it may fail here
    except OSError as error:
        hint = "check the path, or use - for standard input"
        raise InputError(f"cannot read {name}: {error.strerror}", hint) from error
    with handle:
        yield batches(_chunks(handle))


def _chunks(handle: BinaryIO) -> Iterator[bytes]:
    """Bytes as they arrive; none, as an empty chunk, whenever TICK passes."""
    try:
        descriptor = handle.fileno()
    except io.UnsupportedOperation:
        while chunk := handle.read(CHUNK):
            yield chunk
        return
    while True:
        if not select.select([descriptor], [], [], TICK)[0]:
            yield b""
            continue
        try:
            chunk = os.read(descriptor, CHUNK)
        except OSError as error:
            raise InputError(f"cannot read the events: {error.strerror}", "give a file of JSON lines") from error
        if not chunk:
            return
        yield chunk


def batches(chunks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Whole lines of what arrives, blank ones left out, in batches; an empty batch for an empty chunk."""
    rest, skipping = b"", False
    for chunk in chunks:
        if not chunk:
            yield []
            continue
        *whole, rest = (rest + chunk).split(b"\n")
        if skipping and whole:
            whole, skipping = whole[1:], False
        if len(rest) > MAX_LINE:
            if not skipping:
                whole.append(rest[: MAX_LINE + 1])
            rest, skipping = b"", True
        yield from _cut(whole)
    if rest and not skipping:
        yield from _cut([rest])


def _cut(lines: list[bytes]) -> Iterator[list[bytes]]:
    kept = [line[: MAX_LINE + 1] for line in lines if line.strip()]
    for start in range(0, len(kept), BATCH):
        yield kept[start : start + BATCH]


def append_lines(home: Home, arriving: Iterable[list[bytes]]) -> Iterator[list[dict[str, Any]]]:
    """Append one open event a line; the answers to a batch, in order, once it is durable.

    While more arrives a checkpoint is signed every half second, and whenever it pauses.
    """
    actor = home.actor()
    signed_at, unsigned = time.monotonic(), False
    for batch in arriving:
        if batch:
            yield list(_append_batch(home, actor, batch))
            unsigned = True
        if unsigned and (not batch or time.monotonic() - signed_at > SIGN_EVERY):
            home.sign()
            signed_at, unsigned = time.monotonic(), False


def _append_batch(home: Home, actor: str, lines: list[bytes]) -> Iterator[dict[str, Any]]:
    read = [_read_event(line, actor) for line in lines]
    events = [event for event, _ in read if isinstance(event, NewEvent)]
    answers = iter(home.log.append_many(events, open_only=True) if events else ())
    for item, given in read:
        answer = next(answers) if isinstance(item, NewEvent) else item
        yield _document(answer, item, given)


def _document(answer: Receipt | Refusal | Refused, item: NewEvent | Refused, given: str | None) -> dict[str, Any]:
    if isinstance(answer, Receipt):
        return {
            "id": answer.id,
            "sequence": answer.index,
            "leaf_hash": base64(answer.leaf_hash),
            "status": answer.status,
        }
    message = answer.message if isinstance(answer, Refused) else answer.reason
    return {
        "id": item.id if isinstance(item, NewEvent) else given,
        "sequence": None,
        "leaf_hash": None,
        "status": "refused",
        "reason": f"{message} ({answer.hint})" if answer.hint else message,
    }


def _read_event(line: bytes, actor: str) -> tuple[NewEvent | Refused, str | None]:
    """The event on a line, or why it is none; and the id the line gives itself, if any."""
    if len(line) > MAX_LINE:
        return Refused(
            f"the line is longer than {MAX_LINE} bytes", "keep large content in a file, send its digest"
        ), None
    try:
        value = json.loads(line, object_pairs_hook=unique)
    except InputError as error:
        return Refused(error.message, error.hint), None
    except (ValueError, RecursionError):
        return Refused("the line is not JSON", "write one JSON object a line, in UTF-8"), None
    given = value.get("id") if isinstance(value, dict) else None
    try:
        return _event(value, actor), given if isinstance(given, str) else None
    except Refused as error:
        return error, given if isinstance(given, str) else None


def _event(value: Any, actor: str) -> NewEvent:
    if not isinstance(value, dict) or not set(value) >= NEEDED or not set(value) <= MEMBERS:
        raise Refused("the line is no event", "an event has type, subject, data and optionally id and time")
    for name in ("type", "subject", "id", "time"):
        if name in value and not isinstance(value[name], str):
            raise Refused(f"{name} is not a string", "mend the line")
    if not isinstance(value["data"], dict):
        raise Refused("data is not an object", "mend the line")
    return NewEvent(
        type=value["type"],
        subject=value["subject"],
        source=f"person/{actor}",
        actor=actor,
        data=value["data"],
        id=value.get("id"),
        time=value.get("time"),
    )


def answer_line(answer: Mapping[str, Any]) -> bytes:
    """One answer as a JSON line."""
    return orjson.dumps(dict(answer)) + b"\n"
