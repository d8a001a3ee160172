"""A finding: one control's complaint about one subject, with the place, the value, the limit and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from governance.document import Document, exactly, integer, items, text, texts
from governance.errors import InputError
from ledger.canonical import encode


class Severity(StrEnum):
    """How much a control weighs: critical, high, needs people (M), or advice (L)."""

    CRITICAL = "C"
    HIGH = "H"
    MEDIUM = "M"
    LOW = "L"


class FindingKind(StrEnum):
    """What is wrong: a limit is broken, something is absent, too old, or could not be computed."""

    VIOLATED = "violated"
    MISSING = "missing"
    STALE = "stale"
    ERRORED = "errored"


class Basis(StrEnum):
    """On whose word a control acts."""

    LAW = "law/standard"
    HOUSE = "house policy"


@dataclass(frozen=True, slots=True)
class Citation:
    """One article a control rests on.

    `status` is one of in_force, in_force_unenforced, soft_law, guidance, pending, superseded; `verification` one of
    sourced (read in the cited source), memory, verify.
    """

    law: str
    article: str
    status: str
    verification: str
    source: str = ""

    @property
    def binds(self) -> bool:
        """True where somebody read the source and the text is neither pending nor superseded."""
        return self.verification == "sourced" and self.status not in ("pending", "superseded")

    def document(self) -> Document:
        """Return the canonical object; `parse` is its twin."""
        return {
            "law": self.law,
            "article": self.article,
            "status": self.status,
            "verification": self.verification,
            "source": self.source,
        }

    @classmethod
    def parse(cls, value: object) -> Citation:
        """Read what `document` wrote; raises InputError."""
        names = ("law", "article", "status", "verification", "source")
        document = exactly(value, frozenset(names), "citation")
        return cls(*(text(document, name, "citation") for name in names))


@dataclass(frozen=True, slots=True, order=True)
class Slots:
    """So many distinct people in one role."""

    role: str
    count: int

    def document(self) -> Document:
        """Return the canonical object; `parse` is its twin."""
        return {"role": self.role, "count": self.count}

    @classmethod
    def parse(cls, value: object) -> Slots:
        """Read what `document` wrote; raises InputError."""
        document = exactly(value, frozenset({"role", "count"}), "slots")
        count = integer(document, "count", "slots")
        if not 1 <= count <= MAX_COUNT:
            raise InputError(f"slots.count is {count}, not between 1 and {MAX_COUNT}")
        return cls(text(document, "role", "slots"), count)


MAX_COUNT = 16
"""The most people one role may be asked for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A control's complaint. All values are strings as the policy wrote them; decimals keep their digits.

    `field` points into the gate input; `evidence` is the evidence kind or empty; `next` is a command that would help;
    `passes` is the nearest change that would pass; `requires` is set by controls of severity M only.
    """

    control: str
    severity: Severity
    kind: FindingKind
    field: str = ""
    value: str = ""
    limit: str = ""
    evidence: str = ""
    next: str = ""
    passes: str = ""
    detail: str = ""
    requires: tuple[Slots, ...] = ()
    title: str = ""
    title_ar: str = ""
    citations: tuple[Citation, ...] = ()
    waivable_by: tuple[str, ...] = ()

    @property
    def basis(self) -> Basis:
        """House policy unless at least one citation was read in its source and is in effect."""
        return Basis.LAW if any(citation.binds for citation in self.citations) else Basis.HOUSE

    def merits(self) -> Document:
        """Return what a binding holds of this finding: what was judged, not how it is worded."""
        return {
            "control": self.control,
            "severity": str(self.severity),
            "kind": str(self.kind),
            "field": self.field,
            "value": self.value,
            "limit": self.limit,
            "evidence": self.evidence,
            "requires": [slots.document() for slots in sorted(self.requires)],
        }

    def document(self) -> Document:
        """Return the canonical object; `parse` is its twin."""
        return {
            **self.merits(),
            "requires": [slots.document() for slots in self.requires],
            "next": self.next,
            "passes": self.passes,
            "detail": self.detail,
            "title": self.title,
            "title_ar": self.title_ar,
            "citations": [citation.document() for citation in self.citations],
            "waivable_by": list(self.waivable_by),
            "basis": str(self.basis),
        }

    @classmethod
    def parse(cls, value: object) -> Finding:
        """Read what `document` wrote; raises InputError."""
        document = exactly(value, _MEMBERS, "finding")
        plain = {name: text(document, name, "finding") for name in _PLAIN}
        finding = cls(
            **plain,
            severity=_severity(text(document, "severity", "finding")),
            kind=_kind(text(document, "kind", "finding")),
            requires=tuple(Slots.parse(item) for item in items(document, "requires", "finding")),
            citations=tuple(Citation.parse(item) for item in items(document, "citations", "finding")),
            waivable_by=texts(document, "waivable_by", "finding"),
        )
        if document["basis"] != finding.basis:
            raise InputError(f"finding {finding.control} claims a basis its citations do not give")
        return finding


_PLAIN = ("control", "field", "value", "limit", "evidence", "next", "passes", "detail", "title", "title_ar")
_MEMBERS = frozenset(_PLAIN) | {"severity", "kind", "requires", "citations", "waivable_by", "basis"}


def order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in one fixed order: heaviest first, then by control, field and the rest."""
    return tuple(sorted(findings, key=_place))


def _place(finding: Finding) -> tuple[int, str, str, bytes]:
    return "CHML".index(finding.severity), finding.control, finding.field, encode(finding.document())


def required(findings: Iterable[Finding]) -> tuple[Slots, ...]:
    """Return the people all broken M controls together ask for, by role.

    Two controls that each want one risk officer are content with the same one, so the largest count of a role holds.
    """
    counts: dict[str, int] = {}
    for finding in findings:
        if finding.severity is Severity.MEDIUM and finding.kind is FindingKind.VIOLATED:
            for slots in finding.requires:
                counts[slots.role] = max(counts.get(slots.role, 0), slots.count)
    return tuple(Slots(role, count) for role, count in sorted(counts.items()))


def _severity(value: str) -> Severity:
    if value not in {item.value for item in Severity}:
        raise InputError(f"finding.severity {value!r} is none of C, H, M, L")
    return Severity(value)


def _kind(value: str) -> FindingKind:
    if value not in {item.value for item in FindingKind}:
        raise InputError(f"finding.kind {value!r} is none of violated, missing, stale, errored")
    return FindingKind(value)
