"""The deterministic zip of a trail: stored members, fixed times, sorted names, and a MANIFEST of their digests.

Equal members give equal bytes. Reading is by rebuilding: every header is computed again and compared, so nothing can
hide between, before or after the members, and no other tool's reading of the same bytes can differ. (PKWARE APPNOTE
6.3.3, without compression, data descriptors, extra fields, comments or zip64.)
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ledger.errors import IntegrityError, Kind, Refused, StoreFault

MANIFEST = "MANIFEST"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*(/[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*)*")
_MAX_NAME = 120
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_VERSION, _MADE_BY, _DATE, _MODE = 10, 3 << 8 | 10, 0x21, 0o100644 << 16
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How many members an archive may have, and how many bytes each and all together; never above what a zip can."""

    members: int = 65_534
    member_bytes: int = 64 * 1024 * 1024
    bytes: int = 2**32 - 2**25


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive: where its bytes begin, how many they are, their CRC-32 and SHA-256."""

    name: str
    start: int
    size: int
    crc: int
    sha256: bytes

    def local(self) -> bytes:
        """The header in front of the bytes."""
        fields = (_VERSION, 0, 0, 0, _DATE, self.crc, self.size, self.size, len(self.name), 0)
        return _LOCAL.pack(b"PK\x03\x04", *fields) + self.name.encode("ascii")

    def central(self) -> bytes:
        """The header in the directory at the end."""
        shared = (_MADE_BY, _VERSION, 0, 0, 0, _DATE, self.crc, self.size, self.size, len(self.name), 0)
        place = self.start - _LOCAL.size - len(self.name)
        return _CENTRAL.pack(b"PK\x01\x02", *shared, 0, 0, 0, _MODE, place) + self.name.encode("ascii")


def _directory(members: Iterable[Member], place: int) -> bytes:
    """What follows the last member's bytes, which end at `place`."""
    headers = [member.central() for member in members]
    listing = b"".join(headers)
    return listing + _END.pack(b"PK\x05\x06", 0, 0, len(headers), len(headers), len(listing), place, 0)


def _manifest(members: Iterable[Member]) -> bytes:
    return "".join(f"{member.sha256.hex()}  {member.name}\n" for member in members).encode("ascii")


def _check_name(name: str) -> None:
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise Refused("a member's name is not of the form that archives here have")


def write_archive(path: Path, files: Iterable[tuple[str, bytes]], limits: Limits = LIMITS) -> str:
    """Write the archive of these files (in any order, without MANIFEST) by rename; returns its SHA-256 in hex.

    Contents are held on disk, not in memory. Raises Refused for names or sizes beyond the limits, StoreFault if the
    disk refuses.
    """
    try:
        with tempfile.TemporaryFile(dir=path.parent) as spool:
            members = sorted(_spooled(files, spool, limits), key=lambda member: member.name)
            if len(members) != len({member.name for member in members}):
                raise Refused("two members of the archive have the same name")
            return _compose(path, members, spool)
    except OSError as error:
        raise StoreFault(
            f"could not write {path}: {error.strerror}", "check that the folder is there and has room"
        ) from error


def _spooled(files: Iterable[tuple[str, bytes]], spool: IO[bytes], limits: Limits) -> Iterator[Member]:
    place = 0
    for count, (name, content) in enumerate(files, start=1):
        _check_name(name)
        if count >= limits.members or len(content) > limits.member_bytes or place + len(content) > limits.bytes:
            hint = "export a smaller range, or the whole log as static tiles"
            raise Refused("this is too much for one archive", hint)
        spool.write(content)
        yield Member(name, place, len(content), zlib.crc32(content), hashlib.sha256(content).digest())
        place += len(content)


def _compose(path: Path, members: list[Member], spool: IO[bytes]) -> str:
    listing = _manifest(members)
    first = Member(MANIFEST, 0, len(listing), zlib.crc32(listing), hashlib.sha256(listing).digest())
    fresh = path.with_name(f".{path.name}.new")
    digest = hashlib.sha256()
    try:
        with fresh.open("wb") as out:
            placed: list[Member] = []
            for member in (first, *members):
                start = out.tell() + _LOCAL.size + len(member.name)
                placed.append(Member(member.name, start, member.size, member.crc, member.sha256))
                spool.seek(member.start)
                content = listing if member is first else spool.read(member.size)
                for part in (placed[-1].local(), content):
                    out.write(part)
                    digest.update(part)
            directory = _directory(placed, out.tell())
            out.write(directory)
            digest.update(directory)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return digest.hexdigest()


class Archive:
    """An archive opened for reading; every read is checked again. Use it as a context manager.

    `damaged` names the members whose bytes are not those the archive's own MANIFEST lists; the structure round them is
    proven when `open` returns.
    """

    def __init__(self, file: IO[bytes], members: Mapping[str, Member], damaged: tuple[str, ...]) -> None:
        self._file = file
        self._members = members
        self.damaged = damaged

    @classmethod
    def open(cls, path: Path, limits: Limits = LIMITS) -> Archive:
        """Read the whole file once and prove its structure.

        Raises Refused if there is no such file, IntegrityError (ALTERED) if one byte outside the members is not what
        `write_archive` would write.
        """
        try:
            file = path.open("rb")
        except OSError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}", "check the path") from error
        try:
            return cls(file, *_scan(file, limits))
        except BaseException:
            file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def names(self) -> tuple[str, ...]:
        """All members but MANIFEST, sorted."""
        return tuple(self._members)

    def read(self, name: str) -> bytes | None:
        """The bytes of a member, None if there is no such member; raises IntegrityError if they changed meanwhile."""
        member = self._members.get(name)
        if member is None:
            return None
        self._file.seek(member.start)
        content = self._file.read(member.size)
        if hashlib.sha256(content).digest() != member.sha256:
            raise _altered("the archive changed while it was read")
        return content


def _scan(file: IO[bytes], limits: Limits) -> tuple[dict[str, Member], tuple[str, ...]]:
    members: list[Member] = []
    damaged: list[str] = []
    while header := _next_header(file):
        member, sound = _read_member(file, header, limits)
        if members and not members[-1].name < member.name:
            raise _altered("the archive's members are not sorted")
        if len(members) == limits.members or member.start + member.size > limits.bytes + 2**24:
            raise _altered("the archive has more members or bytes than a trail may have")
        members.append(member)
        damaged += [] if sound else [member.name]
    place = file.tell() - _LOCAL.size
    file.seek(place)
    directory = _directory(members, place)
    if file.read(len(directory) + 1) != directory:
        raise _altered("the archive's directory is not that of its members")
    return _compare_manifest(file, members, damaged)


def _next_header(file: IO[bytes]) -> bytes | None:
    """The fixed part of the next member's header; None where the directory begins."""
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise _altered("the archive ends early")
    return header if header[:4] == b"PK\x03\x04" else None


def _read_member(file: IO[bytes], header: bytes, limits: Limits) -> tuple[Member, bool]:
    *_, crc, size, _, length, _ = _LOCAL.unpack(header)
    name = file.read(min(length, _MAX_NAME + 1)).decode("latin-1")
    start = file.tell()
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME or size > limits.member_bytes:
        raise _altered("a member of the archive has a name or size that no trail has")
    sha256, found, left = hashlib.sha256(), 0, size
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise _altered("the archive ends early")
        sha256.update(chunk)
        found = zlib.crc32(chunk, found)
        left -= len(chunk)
    member = Member(name, start, size, crc, sha256.digest())
    if member.local() != header + name.encode("ascii"):
        raise _altered("a header of the archive is not that of its member")
    return member, crc == found


def _compare_manifest(
    file: IO[bytes], members: list[Member], damaged: list[str]
) -> tuple[dict[str, Member], tuple[str, ...]]:
    """The members, and which of them are not as MANIFEST says."""
    if not members or members[0].name != MANIFEST:
        raise _altered("the archive does not begin with its MANIFEST")
    first, *others = members
    file.seek(first.start)
    listed = file.read(first.size).decode("latin-1").split("\n")
    expected = _manifest(others).decode("ascii").split("\n")
    wrong = {
        name for name, line, right in zip((m.name for m in others), listed, expected, strict=False) if line != right
    }
    if len(listed) != len(expected) or listed[-1]:
        wrong.add(MANIFEST)
    return {member.name: member for member in others}, tuple(sorted(wrong | set(damaged)))


def _altered(message: str) -> IntegrityError:
    return IntegrityError(Kind.ALTERED, message, hint="ask for the trail again, and compare its digest")
