"""Findings and outcomes: the table of what leads to what, and the laws that no finding helps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.decision import Decision, Outcome, Slots, decide, required
from governance.errors import InputError
from governance.finding import Basis, Citation, Finding, FindingKind, Severity
from tests.governance import strategies

TABLE = """
violated C deny          violated H deny          violated M pending       violated L allow
missing  C insufficient  missing  H insufficient  missing  M insufficient  missing  L allow
stale    C insufficient  stale    H insufficient  stale    M insufficient  stale    L allow
errored  C fault         errored  H fault         errored  M fault         errored  L fault
"""
CELLS = [tuple(TABLE.split()[at : at + 3]) for at in range(0, len(TABLE.split()), 3)]
SOURCED = Citation("PDPL", "4", "in_force", "sourced", "https://example.test/pdpl")


def finding(severity: str = "C", kind: str = "violated", requires: tuple[Slots, ...] = ()) -> Finding:
    return Finding("X-1", Severity(severity), FindingKind(kind), requires=requires)


@pytest.mark.parametrize(("kind", "severity", "outcome"), CELLS)
def test_each_finding_leads_where_the_table_says(kind: str, severity: str, outcome: str) -> None:
    """One finding alone leads to the outcome of its cell."""
    assert decide([finding(severity, kind)]) == outcome


def test_the_outcomes_are_ordered_and_coded() -> None:
    """Precedence and exit codes are the published ones."""
    codes = [(str(outcome), outcome.exit_code) for outcome in Outcome]
    assert codes == [
        ("integrity", 5),
        ("deny", 1),
        ("fault", 6),
        ("insufficient", 4),
        ("pending", 3),
        ("allow", 0),
    ]


def test_no_findings_allow_only_on_an_intact_ledger() -> None:
    """Nothing to complain about is `allow`; a ledger that fails verification never is."""
    assert decide([]) is Outcome.ALLOW
    assert decide([], intact=False) is Outcome.INTEGRITY


@given(st.lists(strategies.findings, max_size=5), strategies.findings)
def test_another_finding_never_helps(found: list[Finding], more: Finding) -> None:
    """Law 1: adding a finding never moves the outcome towards allow, wherever it is added."""
    before, after = decide(found), decide([*found, more])
    assert after.rank <= before.rank
    assert decide([more, *found]) is after


@given(st.lists(strategies.findings, max_size=5), strategies.findings)
def test_another_finding_never_asks_for_fewer_people(found: list[Finding], more: Finding) -> None:
    """Law 1 for people: requirements only grow."""
    before = {slots.role: slots.count for slots in required(found)}
    after = {slots.role: slots.count for slots in required([*found, more])}
    assert all(after[role] >= count for role, count in before.items())


def test_two_controls_share_the_people_they_ask_for() -> None:
    """The largest count of a role holds; only broken M controls ask."""
    found = [
        finding("M", requires=(Slots("risk-officer", 1),)),
        finding("M", requires=(Slots("risk-officer", 2), Slots("model-owner", 1))),
        finding("M", "stale", requires=(Slots("compliance-officer", 1),)),
    ]
    assert required(found) == (Slots("model-owner", 1), Slots("risk-officer", 2))


@pytest.mark.parametrize(
    ("citations", "basis"),
    [
        ((), Basis.HOUSE),
        ((replace(SOURCED, verification="memory"),), Basis.HOUSE),
        ((replace(SOURCED, verification="verify"), replace(SOURCED, status="pending")), Basis.HOUSE),
        ((replace(SOURCED, status="superseded"),), Basis.HOUSE),
        ((replace(SOURCED, verification="memory"), SOURCED), Basis.LAW),
    ],
)
def test_unverified_citations_make_house_policy(citations: tuple[Citation, ...], basis: Basis) -> None:
    """Law 8: only a citation read in its source, of a text in effect, makes a control speak for the law."""
    found = replace(finding(), citations=citations)
    assert found.document()["basis"] == basis
    assert decide([found]) is Outcome.DENY


@given(strategies.decisions)
def test_a_decision_survives_its_document(decision: Decision) -> None:
    """parse(format(x)) is x, up to the fixed order of findings; the id comes with it."""
    again = Decision.decode(decision.encode())
    assert again.encode() == decision.encode()
    assert again.id == decision.id
    assert Decision.decode(again.encode()) == again


@given(strategies.decisions, st.randoms(use_true_random=False))
def test_a_decision_does_not_depend_on_the_order_of_findings(decision: Decision, random: object) -> None:
    """Engines may list findings in any order."""
    shuffled = list(decision.findings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert replace(decision, findings=tuple(shuffled)).encode() == decision.encode()


def decision() -> Decision:
    from governance.binding import Binding
    from governance.decision import Engine, Policy

    found = (replace(finding("M", requires=(Slots("risk-officer", 1),)), citations=(SOURCED,)),)
    zero = "sha256:" + "0" * 64
    binding = Binding.of(
        gate="production",
        subject="model/a@1",
        subject_digest=zero,
        lineage=zero,
        evidence=[zero],
        policy=zero,
        target="deployment/a",
        configuration=zero,
        findings=found,
        requires=required(found),
    )
    at = "2026-01-01T00:00:00.000000Z"
    return Decision(
        binding, Outcome.PENDING, found, zero, Policy(zero, zero, "r1"), Engine("e", "1"), 7, "0" * 64, at, "play"
    )


BROKEN = {
    "another id": ("id", "d-" + "0" * 32),
    "another outcome": ("outcome", "allow"),
    "no outcome": ("outcome", "perhaps"),
    "another subject": ("subject", "model/b@1"),
    "another gate": ("gate", "train"),
    "fewer people": ("requires", []),
    "number for text": ("root", 7),
    "text for number": ("as_of", "7"),
    "truth for number": ("as_of", True),
    "text for list": ("findings", "none"),
    "another version": ("v", "qayd/decision/v2"),
    "no policy": ("policy", None),
    "extra member in the engine": ("engine", {"name": "e", "version": "1", "mood": "x"}),
    "approvals that are no texts": ("cites", {"request": None, "approvals": [1]}),
}


@pytest.mark.parametrize(("member", "value"), BROKEN.values(), ids=BROKEN)
def test_a_changed_decision_document_is_refused(member: str, value: object) -> None:
    """parse refuses what format would not write."""
    document = decision().document()
    assert Decision.parse(document).document() == document
    with pytest.raises(InputError):
        Decision.parse({**document, member: value})


def test_bytes_that_are_no_document_are_refused() -> None:
    """Anything but canonical bytes is refused with our own error."""
    with pytest.raises(InputError, match="not a decision document"):
        Decision.decode(b"{} ")


FINDING_CHANGES = {
    "severity": "X",
    "kind": "unknown",
    "basis": "house policy",
    "requires": [{"role": "risk-officer", "count": 0}],
    "citations": ["PDPL"],
}


@pytest.mark.parametrize(("member", "value"), FINDING_CHANGES.items())
def test_a_changed_finding_is_refused(member: str, value: object) -> None:
    """A finding's severity, kind and basis are checked; nobody can call house policy law."""
    document = decision().findings[0].document()
    assert Finding.parse(document).document() == document
    with pytest.raises(InputError):
        Finding.parse({**document, member: value})


def test_saying_the_same_again_is_recognised() -> None:
    """Another time or tree size is the same answer; another outcome, policy or citation of approvals is not."""
    first = decision()
    assert first.same_answer(replace(first, decided_at="2026-01-02T00:00:00.000000Z", as_of=9, root="1" * 64))
    assert first.id != replace(first, as_of=9).id
    assert not first.same_answer(replace(first, outcome=Outcome.ALLOW))
    assert not first.same_answer(replace(first, approvals=("a-1",)))
    assert (first.gate, first.subject, first.target) == ("production", "model/a@1", "deployment/a")
    assert str(first.engine) == "e@1"
