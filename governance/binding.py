"""A binding: the digest of all that an approval is about. Any change to a member voids; no other change does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from governance.document import Document, exactly, items, text, texts
from governance.errors import InputError
from governance.finding import Finding, Slots
from ledger.canonical import DOCUMENT_BYTES, decode, digest_of, encode

VERSION = "qayd/binding/v1"
MEMBERS = (
    "gate",
    "subject",
    "subject_digest",
    "lineage",
    "evidence",
    "policy",
    "waivers",
    "target",
    "configuration",
    "findings",
    "requires",
)


@dataclass(frozen=True, slots=True)
class Binding:
    """What was judged. Never the time, ids, ages or approvals.

    `subject` is its label and `subject_digest` its identity; `lineage`, `configuration` and `policy` (the effective
    policy of this gate: its controls, their libraries and parameters) are digests; `evidence` and `waivers` are sorted
    digests of content; `findings` hold the merits of each finding, in a fixed order.
    """

    gate: str
    subject: str
    subject_digest: str
    lineage: str
    evidence: tuple[str, ...]
    policy: str
    waivers: tuple[str, ...]
    target: str
    configuration: str
    findings: tuple[bytes, ...]
    requires: tuple[Slots, ...]

    @classmethod
    def of(
        cls,
        *,
        gate: str,
        subject: str,
        subject_digest: str,
        lineage: str,
        evidence: Iterable[str],
        policy: str,
        target: str,
        configuration: str,
        findings: Iterable[Finding],
        requires: Iterable[Slots],
        waivers: Iterable[str] = (),
    ) -> Binding:
        """Bind what was judged; the order in which evidence, findings and roles are named is immaterial."""
        return cls(
            gate=gate,
            subject=subject,
            subject_digest=subject_digest,
            lineage=lineage,
            evidence=tuple(sorted(evidence)),
            policy=policy,
            waivers=tuple(sorted(waivers)),
            target=target,
            configuration=configuration,
            findings=cls.merits(findings),
            requires=tuple(sorted(requires)),
        )

    @staticmethod
    def merits(findings: Iterable[Finding]) -> tuple[bytes, ...]:
        """The canonical merits of findings, sorted, as the member `findings` holds them."""
        return tuple(sorted(encode(finding.merits()) for finding in findings))

    @property
    def digest(self) -> str:
        """The digest that people sign, `sha256:<hex>` of the canonical document."""
        return digest_of(self.document())

    def differs(self, other: Binding) -> tuple[str, ...]:
        """Return the names of the members that differ, in the order of `MEMBERS`."""
        return tuple(name for name in MEMBERS if getattr(self, name) != getattr(other, name))

    def document(self) -> Document:
        """Return the canonical object; `parse` is its twin."""
        return {
            "v": VERSION,
            "gate": self.gate,
            "subject": self.subject,
            "subject_digest": self.subject_digest,
            "lineage": self.lineage,
            "evidence": list(self.evidence),
            "policy": self.policy,
            "waivers": list(self.waivers),
            "target": self.target,
            "configuration": self.configuration,
            "findings": [decode(finding, max_bytes=DOCUMENT_BYTES) for finding in self.findings],
            "requires": [slots.document() for slots in self.requires],
        }

    @classmethod
    def parse(cls, value: object) -> Binding:
        """Read what `document` wrote; raises InputError."""
        document = exactly(value, frozenset(MEMBERS) | {"v"}, "binding")
        if document["v"] != VERSION:
            raise InputError(f"binding has version {document['v']!r}, not {VERSION!r}")
        plain = ("gate", "subject", "subject_digest", "lineage", "policy", "target", "configuration")
        return cls(
            **{name: text(document, name, "binding") for name in plain},
            evidence=texts(document, "evidence", "binding"),
            waivers=texts(document, "waivers", "binding"),
            findings=tuple(encode(item) for item in items(document, "findings", "binding")),
            requires=tuple(Slots.parse(item) for item in items(document, "requires", "binding")),
        )
