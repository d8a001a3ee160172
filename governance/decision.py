"""A decision: a gate's answer about one subject, with everything needed to find out later why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from governance.binding import Binding
from governance.document import Document, exactly, integer, items, optional_text, text, texts
from governance.errors import InputError
from governance.finding import (
    Basis,
    Citation,
    Finding,
    FindingKind,
    Severity,
    Slots,
    order,
    required,
)
from ledger.canonical import DOCUMENT_BYTES, decode, digest_of, encode
from ledger.errors import Refused

__all__ = [
    "Basis",
    "Citation",
    "Decision",
    "Engine",
    "Finding",
    "FindingKind",
    "Outcome",
    "Policy",
    "Severity",
    "Slots",
    "decide",
    "required",
]

VERSION = "qayd/decision/v1"


class Outcome(StrEnum):
    """What a gate answers. Listed by precedence: the first that applies is the outcome."""

    INTEGRITY = "integrity"
    DENY = "deny"
    FAULT = "fault"
    INSUFFICIENT = "insufficient"
    PENDING = "pending"
    ALLOW = "allow"

    @property
    def exit_code(self) -> int:
        """The exit code of every command that gives this answer."""
        return _EXIT_CODES[self]

    @property
    def rank(self) -> int:
        """Distance from the worst outcome: 0 for integrity, 5 for allow."""
        return list(Outcome).index(self)


_EXIT_CODES = {
    Outcome.ALLOW: 0,
    Outcome.DENY: 1,
    Outcome.PENDING: 3,
    Outcome.INSUFFICIENT: 4,
    Outcome.INTEGRITY: 5,
    Outcome.FAULT: 6,
}

_VIOLATED = {
    Severity.CRITICAL: Outcome.DENY,
    Severity.HIGH: Outcome.DENY,
    Severity.MEDIUM: Outcome.PENDING,
    Severity.LOW: Outcome.ALLOW,
}


def outcome_of(finding: Finding) -> Outcome:
    """Return what one finding alone would lead to; a warning (L) alone leads to `allow`."""
    if finding.kind is FindingKind.ERRORED:
        return Outcome.FAULT
    if finding.kind is FindingKind.VIOLATED:
        return _VIOLATED[finding.severity]
    return Outcome.ALLOW if finding.severity is Severity.LOW else Outcome.INSUFFICIENT


def decide(findings: Iterable[Finding], *, intact: bool = True) -> Outcome:
    """Return the worst of what the findings lead to; a ledger that is not `intact` is worse than any finding."""
    if not intact:
        return Outcome.INTEGRITY
    return min((outcome_of(finding) for finding in findings), key=lambda item: item.rank, default=Outcome.ALLOW)


@dataclass(frozen=True, slots=True)
class Policy:
    """Digest of the whole bundle (for replay) and of what this gate uses of it (for the binding); its revision."""

    bundle: str
    effective: str
    revision: str

    def document(self) -> Document:
        """Return the canonical object; `parse` is its twin."""
        return {"bundle": self.bundle, "effective": self.effective, "revision": self.revision}

    @classmethod
    def parse(cls, value: object) -> Policy:
        """Read what `document` wrote; raises InputError."""
        names = ("bundle", "effective", "revision")
        document = exactly(value, frozenset(names), "policy")
        return cls(*(text(document, name, "policy") for name in names))


@dataclass(frozen=True, slots=True)
class Engine:
    """The policy engine that evaluated, by name and version."""

    name: str
    version: str

    def __str__(self) -> str:
        """`name@version`, as the ledger's entry has it."""
        return f"{self.name}@{self.version}"

    def document(self) -> Document:
        """Return the canonical object; `parse` is its twin."""
        return {"name": self.name, "version": self.version}

    @classmethod
    def parse(cls, value: object) -> Engine:
        """Read what `document` wrote; raises InputError."""
        document = exactly(value, frozenset({"name", "version"}), "engine")
        return cls(text(document, "name", "engine"), text(document, "version", "engine"))


@dataclass(frozen=True, slots=True)
class Decision:
    """A gate's answer. `as_of` is the number of entries it saw and `root` their tree's root in hexadecimal.

    `input_digest` is None where the ledger failed before facts could be gathered; such a decision is never recorded.
    `mode` is the tenant's, play or real. `request` and `approvals` (entry ids) are cited by the decision that lets a
    promotion through, else None and empty.
    """

    binding: Binding
    outcome: Outcome
    findings: tuple[Finding, ...]
    input_digest: str | None
    policy: Policy
    engine: Engine
    as_of: int
    root: str
    decided_at: str
    mode: str
    request: str | None = None
    approvals: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The decision's name: `d-` and the first 32 hex digits of its document's digest, so nobody can choose it."""
        return "d-" + digest_of(self._body()).removeprefix("sha256:")[:32]

    @property
    def gate(self) -> str:
        """The gate that decided."""
        return self.binding.gate

    @property
    def subject(self) -> str:
        """The label of the subject decided on; its identity is `binding.subject_digest`."""
        return self.binding.subject

    @property
    def target(self) -> str:
        """Where the subject would go, or empty."""
        return self.binding.target

    @property
    def requires(self) -> tuple[Slots, ...]:
        """The people asked for, by role."""
        return self.binding.requires

    def same_answer(self, other: Decision) -> bool:
        """True where writing `other` after this one would say nothing new."""
        return (
            self.binding == other.binding
            and self.outcome == other.outcome
            and order(self.findings) == order(other.findings)
            and self.policy == other.policy
            and self.engine == other.engine
            and self.request == other.request
            and self.approvals == other.approvals
        )

    def document(self) -> Document:
        """Return the canonical object; `parse` is its twin."""
        return {"id": self.id, **self._body()}

    def encode(self) -> bytes:
        """Return the canonical bytes kept as a blob; `decode` is its twin."""
        return encode(self.document())

    @classmethod
    def decode(cls, raw: bytes) -> Decision:
        """Read what `encode` wrote; raises InputError."""
        try:
            return cls.parse(decode(raw, max_bytes=DOCUMENT_BYTES))
        except Refused as error:
            raise InputError(f"not a decision document: {error.message}") from error

    @classmethod
    def parse(cls, value: object) -> Decision:
        """Read what `document` wrote; raises InputError, also if any derived member disagrees with its source."""
        document = exactly(value, _MEMBERS, "decision")
        outcome = text(document, "outcome", "decision")
        if outcome not in {item.value for item in Outcome}:
            raise InputError(f"decision.outcome {outcome!r} is no outcome")
        bound = exactly(document["binding"], frozenset({"digest", "members"}), "decision.binding")
        cites = exactly(document["cites"], frozenset({"request", "approvals"}), "decision.cites")
        decision = cls(
            binding=Binding.parse(bound["members"]),
            outcome=Outcome(outcome),
            findings=tuple(Finding.parse(item) for item in items(document, "findings", "decision")),
            input_digest=optional_text(document, "input_digest", "decision"),
            policy=Policy.parse(document["policy"]),
            engine=Engine.parse(document["engine"]),
            as_of=integer(document, "as_of", "decision"),
            root=text(document, "root", "decision"),
            decided_at=text(document, "decided_at", "decision"),
            mode=text(document, "mode", "decision"),
            request=optional_text(cites, "request", "decision.cites"),
            approvals=texts(cites, "approvals", "decision.cites"),
        )
        if decision.document() != document:
            raise InputError("the decision's id, subject, requirements or binding disagree with its members")
        return decision

    def _body(self) -> Document:
        return {
            "v": VERSION,
            "gate": self.gate,
            "subject": self.subject,
            "digest": self.binding.subject_digest,
            "target": self.target,
            "outcome": str(self.outcome),
            "findings": [finding.document() for finding in order(self.findings)],
            "requires": [slots.document() for slots in self.requires],
            "binding": {"digest": self.binding.digest, "members": self.binding.document()},
            "input_digest": self.input_digest,
            "policy": self.policy.document(),
            "engine": self.engine.document(),
            "as_of": self.as_of,
            "root": self.root,
            "decided_at": self.decided_at,
            "mode": self.mode,
            "cites": {"request": self.request, "approvals": list(self.approvals)},
        }


_MEMBERS = frozenset(
    {
        "id",
        "v",
        "gate",
        "subject",
        "digest",
        "target",
        "outcome",
        "findings",
        "requires",
        "binding",
        "input_digest",
        "policy",
        "engine",
        "as_of",
        "root",
        "decided_at",
        "mode",
        "cites",
    }
)
