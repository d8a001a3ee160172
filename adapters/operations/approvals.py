"""What a person is asked, the statement they sign, and their signed answer taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from adapters.clock import FORMAT, random_bytes
from adapters.operations import requests
from adapters.operations.documents import get_document
from adapters.storage.files import read_bytes, write_atomically
from governance.approval import Reason, Statement, Submission, Yes, answer_keys, statement_for, verify_approval
from governance.errors import InputError, NotPermitted
from governance.request import makers_of, requires
from governance.sshsig import APPROVAL_NAMESPACE
from ledger.schema import Sealed

if TYPE_CHECKING:
    from adapters.wiring import Home
    from governance.catalog import Catalog
    from governance.people import Person
    from governance.views import Filed

LIFETIME = timedelta(days=7)
MAX_SIGNATURE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """What was written for somebody to read and sign."""

    request: str
    person: str
    role: str
    answer: str
    packet: dict[str, Any]
    statement: Path
    files: tuple[Path, ...]

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {
            "request": self.request,
            "person": self.person,
            "role": self.role,
            "answer": self.answer,
            "packet": self.packet,
            "statement": str(self.statement),
            "files": [str(file) for file in self.files],
        }

    def lines(self) -> list[str]:
        """The result in words."""
        return [
            f"{self.request}: you would {self.answer} as {self.role}",
            *(f"wrote {file}" for file in self.files),
            "read packet.json, then sign the statement where your key is:",
            f"  ssh-keygen -Y sign -f YOUR_KEY -n {APPROVAL_NAMESPACE} {self.statement}",
        ]


def show(home: Home, reference: str, *, role: str | None, answer: str, reason: str, out: Path) -> Shown:
    """Write packet, statement and (with a reason) the reason file for the acting person.

    Raises NotPermitted when that person may not answer: no role that is asked for, or a maker by lineage.
    """
    if answer not in ("approve", "reject"):
        raise InputError(f"unknown answer {answer!r}", "use approve or reject")
    filed, catalog = requests.find(home, reference), home.catalog()
    person = catalog.people[home.actor()]
    chosen = _role(person, filed, role)
    _refuse_makers(catalog, filed, person)
    why = Reason(reason, random_bytes(32)) if reason else None
    statement = statement_for(
        catalog,
        filed,
        credential=_credential(person, catalog.size),
        role=chosen,
        answer=cast(Yes, answer),
        expires=_later(home.clock.now()),
        reason=why.commitment if why else None,
    )
    packet = get_document(home, filed.packet)
    files = _write(out, filed, packet, statement, why)
    return Shown(filed.subject, person.id, chosen, answer, packet, out / "statement.json", files)


def _role(person: Person, filed: Filed, role: str | None) -> str:
    asked = [slots.role for slots in requires(filed)]
    if role is not None:
        if role not in asked:
            raise InputError(f"{filed.subject} does not ask for the role {role}", f"it asks for {', '.join(asked)}")
        if role not in person.roles:
            raise NotPermitted(f"you do not hold the role {role}", "see `qayd person list`")
        return role
    held = [name for name in asked if name in person.roles]
    if not held:
        raise NotPermitted(
            f"{filed.subject} asks for {', '.join(asked)}, none of which you hold", "ask somebody who does"
        )
    return held[0]


def _refuse_makers(catalog: Catalog, filed: Filed, person: Person) -> None:
    if person.id in makers_of(catalog, filed):
        raise NotPermitted(
            f"you had a part in making what {filed.subject} is about, by its lineage",
            "somebody who did not make it has to answer",
        )


def _credential(person: Person, size: int) -> str:
    return next(credential.id for credential in person.credentials if credential.valid_at(size))


def _later(now: str) -> str:
    return (datetime.strptime(now, FORMAT) + LIFETIME).strftime(FORMAT)  # noqa: DTZ007 - the form itself says UTC


def _write(
    out: Path, filed: Filed, packet: dict[str, Any], statement: Statement, why: Reason | None
) -> tuple[Path, ...]:
    from adapters.doors.packet import packet_text

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {out}: {error.strerror}", "name another directory with --out") from error
    files = {
        "packet.json": packet_text(packet, filed).encode("utf-8"),
        "statement.json": statement.encode(),
    }
    if why is not None:
        files["reason.json"] = why.encode().encode("utf-8")
    for name, content in files.items():
        write_atomically(out / name, content)
    return tuple(out / name for name in files)


@dataclass(frozen=True, slots=True)
class Taken:
    """A recorded answer."""

    request: str
    person: str
    answer: str
    role: str
    index: int
    status: str

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {
            "request": self.request,
            "person": self.person,
            "answer": self.answer,
            "role": self.role,
            "index": self.index,
            "status": self.status,
        }

    def lines(self) -> list[str]:
        """The result in words."""
        verb = "approved" if self.answer == "approve" else "rejected"
        return [f"{self.person} {verb} {self.request} as {self.role}, entry {self.index} ({self.status})"]


def take(home: Home, reference: str, answer: str, signature: Path, statement: Path, reason: Path | None) -> Taken:
    """Verify a signed statement and record it. The same statement again is answered `present`.

    Raises InputError, NotPermitted: a bad signature, a maker, a wrong role, a closed request, another answer.
    """
    filed, catalog = requests.find(home, reference), home.catalog()
    raw, armored = read_bytes(statement), read_bytes(signature, MAX_SIGNATURE)
    signed = Statement.decode(raw)
    if signed.answer != answer:
        raise InputError(f"the statement says {signed.answer}", f"use `qayd approval {_verb(signed.answer)}`")
    person = _signer(catalog, signed.credential)
    sealed = _reason(reason, signed)
    known = next((a for a in filed.answers if a.person == person and home.blobs.get(a.statement) == raw), None)
    if known is not None:
        return Taken(filed.subject, person, answer, known.role, known.index, "present")
    submission = Submission(person, raw, armored.decode("ascii", "replace"))
    verify_approval(catalog, filed, submission, makers=makers_of(catalog, filed), now=home.clock.now())
    data: dict[str, object] = {
        "person": person,
        "credential": signed.credential,
        "role": signed.role,
        "binding": signed.binding,
        "statement": home.blobs.put(raw),
        "signature": home.blobs.put(armored),
        "expires": signed.expires,
    }
    if sealed:
        data["reason"] = Sealed(sealed, person)
    kind = "approval.granted.v1" if answer == "approve" else "approval.rejected.v1"
    event = home.event(kind, filed.subject, data)
    receipt = home.append(event, as_of=catalog.size, keys=answer_keys(filed, person))[0]
    return Taken(filed.subject, person, answer, signed.role, receipt.index, "recorded")


def _verb(answer: str) -> str:
    return "grant" if answer == "approve" else "reject"


def _signer(catalog: Catalog, credential: str) -> str:
    for person in catalog.people.values():
        if any(held.id == credential for held in person.credentials):
            return person.id
    raise NotPermitted("the statement names a credential nobody enrolled", "enrol the key first, then sign afresh")


def _reason(path: Path | None, statement: Statement) -> str:
    """The sealed form of the reason, checked against what was signed."""
    if (path is None) != (statement.reason is None):
        raise InputError("the statement and the reason do not go together", "give --reason exactly if one was signed")
    if path is None:
        return ""
    text = read_bytes(path).decode("utf-8", "replace")
    if Reason.decode(text).commitment != statement.reason:
        raise InputError("this is not the reason whose commitment was signed", "give the reason.json that was written")
    return text
