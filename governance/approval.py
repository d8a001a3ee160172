"""Approvals: a person's signed yes or no to one request. Here they are stated, verified, and found to still stand.

What is signed is a statement: canonical bytes that anybody can rebuild from the record (SEMANTICS 4). An approval is
always judged by the record as it was just before it: the same function admits it and, years later, audits it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from governance.document import exactly, integer, optional_text, text
from governance.errors import InputError, NotPermitted
from governance.people import Credential, Person, Roster
from governance.quorum import Member
from governance.sshsig import APPROVAL_NAMESPACE, parse_public_key, verify_sshsig
from governance.views import Answer, Filed
from ledger.canonical import MAX_INTEGER, decode, digest_of, encode
from ledger.entry import HASH_BYTES, SALT_BYTES, base64, unbase64
from ledger.errors import Refused
from ledger.patterns import DIGEST, TOKEN, is_time, matches

VERSION: Final = "qayd/approval/v1"
REASON: Final = "qayd/reason/v1"
MAX_REASON: Final = 4_000
_MEMBERS: Final = frozenset({"v", "log", "request", "binding", "answer", "reason", "credential", "role", "expires"})
_AGAIN: Final = "write it afresh with `qayd approval show` and sign exactly those bytes"

Yes: TypeAlias = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person signs. `log` is the ledger's log id; `sequence` and `leaf_hash` pin the request's entry.

    `reason` is a salted commitment (`Reason.commitment`) or None; `expires` is when the answer stops counting.
    """

    log: str
    sequence: int
    leaf_hash: bytes
    binding: str
    answer: Yes
    credential: str
    role: str
    expires: str
    reason: str | None = None

    def encode(self) -> bytes:
        """The exact canonical bytes that are signed; `decode` is its twin."""
        return encode(
            {
                "v": VERSION,
                "log": self.log,
                "request": {"sequence": self.sequence, "leaf_hash": base64(self.leaf_hash)},
                "binding": self.binding,
                "answer": self.answer,
                "reason": self.reason,
                "credential": self.credential,
                "role": self.role,
                "expires": self.expires,
            }
        )

    @classmethod
    def decode(cls, raw: bytes) -> Statement:
        """Read what `encode` wrote; raises InputError."""
        try:
            document = exactly(decode(raw), _MEMBERS, "statement")
            request = exactly(document["request"], frozenset({"sequence", "leaf_hash"}), "statement.request")
            leaf_hash = unbase64(request["leaf_hash"], HASH_BYTES)
        except Refused as error:
            raise InputError(f"not an approval statement: {error.message}", _AGAIN) from error
        statement = cls(
            log=text(document, "log", "statement"),
            sequence=integer(request, "sequence", "statement.request"),
            leaf_hash=leaf_hash,
            binding=text(document, "binding", "statement"),
            answer="approve" if document["answer"] == "approve" else "reject",
            credential=text(document, "credential", "statement"),
            role=text(document, "role", "statement"),
            expires=text(document, "expires", "statement"),
            reason=optional_text(document, "reason", "statement"),
        )
        if not statement._formed() or statement.encode() != raw:
            raise InputError("not an approval statement: a member is not of its form", _AGAIN)
        return statement

    def _formed(self) -> bool:
        return (
            matches("[0-9a-f]{64}", self.log)
            and 0 <= self.sequence <= MAX_INTEGER
            and matches(DIGEST, self.binding)
            and matches(TOKEN, self.credential)
            and matches(TOKEN, self.role)
            and is_time(self.expires)
            and (self.reason is None or matches(DIGEST, self.reason))
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody said yes or no, with the salt that keeps its commitment from being guessed (32 bytes).

    The statement holds `commitment`; the ledger's entry seals `encode()`.
    """

    text: str
    salt: bytes

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > MAX_REASON or len(self.salt) != SALT_BYTES:
            raise InputError(f"a reason is a text of at most {MAX_REASON} characters", "leave it out, or write one")

    @property
    def commitment(self) -> str:
        """`sha256:<hex>` over version, salt and text."""
        return digest_of([REASON, base64(self.salt), self.text])

    def encode(self) -> str:
        """The text to seal; `decode` is its twin."""
        return f"{base64(self.salt)} {self.text}"

    @classmethod
    def decode(cls, sealed: str) -> Reason:
        """Read what `encode` wrote; raises InputError."""
        salt, _, words = sealed.partition(" ")
        try:
            return cls(words, unbase64(salt, SALT_BYTES))
        except Refused as error:
            raise InputError("this is not a sealed reason", "see `qayd approval show`") from error


class Record(Roster, Protocol):
    """What the rules need of a catalog."""

    @property
    def log_id(self) -> str:
        """The ledger's random id, 64 hex digits."""
        ...


@dataclass(frozen=True, slots=True)
class Submission:
    """An answer as handed in: who says they gave it, the statement's exact bytes, and the armored signature."""

    person: str
    statement: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class Approval:
    """An answer whose signature and standing were verified at the point where it stands in the record."""

    person: str
    statement: Statement

    @property
    def member(self) -> Member:
        """The person in the one role they signed for."""
        return Member(self.person, frozenset({self.statement.role}))


def statement_for(
    record: Record, filed: Filed, *, credential: str, role: str, answer: Yes, expires: str, reason: str | None = None
) -> Statement:
    """The statement this credential would sign to answer the request. An answer never outlives the deadline."""
    return Statement(
        log=record.log_id,
        sequence=filed.index,
        leaf_hash=filed.leaf_hash,
        binding=filed.binding,
        answer=answer,
        credential=credential,
        role=role,
        expires=min(expires, filed.deadline),
        reason=reason,
    )


def answer_keys(filed: Filed, person: str) -> frozenset[str]:
    """What must not change between verifying an answer and recording it: the request, the person, and what makes
    somebody a maker of what it is about.
    """
    return frozenset({filed.subject, f"person/{person}", filed.concerns})


def verify_approval(
    record: Record, filed: Filed, submission: Submission, *, makers: frozenset[str], now: str
) -> Approval:
    """Return the approval, verified against the `record` as it is just before it, at the time `now`.

    Signed by a credential of that person, enrolled earlier and not revoked; a natural person, in a role they hold and
    the request asks for, who made nothing of it; the request open; one answer per person. Raises NotPermitted, or
    InputError (also SignatureInvalid) where statement or signature are malformed or do not match.
    """
    statement = Statement.decode(submission.statement)
    person = record.people.get(submission.person)
    if person is None or person.kind != "natural" or not person.active_at(record.size):
        raise NotPermitted(f"{submission.person} is not an enrolled natural person", "see `qayd person list`")
    credential = _credential(record, person, statement.credential)
    expected = statement_for(
        record,
        filed,
        credential=credential.id,
        role=statement.role,
        answer=statement.answer,
        expires=statement.expires,
        reason=statement.reason,
    )
    if expected != statement:
        raise InputError(f"the statement is not about {filed.subject} as it was filed", _AGAIN)
    _check_standing(filed, person, statement, makers=makers, now=now)
    verify_sshsig(
        submission.signature,
        submission.statement,
        namespace=APPROVAL_NAMESPACE,
        key=parse_public_key(credential.key),
    )
    return Approval(person.id, statement)


def verify_answer(
    record: Record, filed: Filed, answer: Answer, *, statement: bytes, signature: bytes, makers: frozenset[str]
) -> Approval:
    """Return a recorded answer, verified as it was when it was recorded: `record` is the catalog just before it.

    Raises what `verify_approval` raises, and InputError if the entry and what was signed disagree.
    """
    try:
        armored = signature.decode("ascii")
    except UnicodeDecodeError as error:
        raise InputError("the recorded signature is not text") from error
    submission = Submission(answer.person, statement, armored)
    approval = verify_approval(record, filed, submission, makers=makers, now=answer.recorded_at)
    signed = approval.statement
    said = (answer.answer, answer.credential, answer.role, answer.binding, answer.expires)
    if said != (signed.answer, signed.credential, signed.role, signed.binding, signed.expires):
        raise InputError(f"the entry of {answer.id} does not say what was signed")
    return approval


def stands(record: Roster, answer: Answer, now: str) -> bool:
    """Whether a recorded answer still counts: not expired, and neither person nor credential revoked since."""
    person = record.people.get(answer.person)
    if person is None or not person.active_at(record.size) or now > answer.expires:
        return False
    return any(held.id == answer.credential and held.valid_at(record.size) for held in person.credentials)


def _credential(record: Roster, person: Person, name: str) -> Credential:
    for held in person.credentials:
        if held.id == name:
            if held.valid_at(record.size):
                return held
            raise NotPermitted(f"the credential {name} is revoked", "sign with a key that is enrolled")
    raise NotPermitted(f"the credential {name} is not one of {person.id}", "sign with your own enrolled key")


def _check_standing(filed: Filed, person: Person, statement: Statement, *, makers: frozenset[str], now: str) -> None:
    if statement.role not in person.roles:
        raise NotPermitted(f"{person.id} does not hold the role {statement.role}", "sign in a role you hold")
    if statement.role not in {slots["role"] for slots in filed.requires}:
        raise NotPermitted(f"{filed.subject} does not ask for the role {statement.role}", "see `qayd approval show`")
    if person.id in makers:
        raise NotPermitted(
            f"{person.id} had a part in making what {filed.subject} is about, so cannot answer it",
            "ask somebody who did not request, train, supply, set thresholds for or deploy it",
        )
    if any(answer.person == person.id for answer in filed.answers):
        raise NotPermitted(f"{person.id} has answered {filed.subject} already", "one answer per person")
    if not filed.open(now):
        raise NotPermitted(f"{filed.subject} is not open: used, rejected or expired", "file a new request")
    if now > statement.expires:
        raise NotPermitted(f"this answer expired at {statement.expires}", _AGAIN)
