"""Approvals: what is signed, by whom, in which role, and every reason for which an answer is not taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from governance.approval import (
    Approval,
    Reason,
    Statement,
    Submission,
    answer_keys,
    stands,
    statement_for,
    verify_answer,
    verify_approval,
)
from governance.errors import InputError, NotPermitted
from governance.people import Credential, Mode, Person
from governance.sshsig import APPROVAL_NAMESPACE, credential_id, public_key, sign_sshsig
from governance.views import Answer, Filed

LOG = "a" * 64
BINDING = "sha256:" + "b" * 64
DEADLINE = "2026-02-01T00:00:00.000000Z"
NOW = "2026-01-15T00:00:00.000000Z"
LATER = "2026-03-01T00:00:00.000000Z"
KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 32) for name in "abs"}
FILED = Filed(
    subject="request/00000001",
    gate="production",
    kind="promotion",
    concerns="model/credit@1",
    digest="sha256:" + "d" * 64,
    target="retail",
    binding=BINDING,
    packet="sha256:" + "e" * 64,
    decision="d-1",
    deadline=DEADLINE,
    cause=None,
    requires=[{"role": "risk-officer", "count": 1}, {"role": "validator", "count": 1}],
    requester="p-requester",
    index=10,
    leaf_hash=b"\x01" * 32,
    recorded_at="2026-01-01T00:00:00.000000Z",
)


def person(name: str, **changes: Any) -> Person:
    key = public_key(KEYS[name])
    held = Credential(credential_id(key.blob), key.line, 3, FILED.recorded_at)
    known = Person(f"p-{name}", "natural", frozenset({"risk-officer"}), (), (held,), 3, FILED.recorded_at)
    return replace(known, **changes)


@dataclass(frozen=True)
class Record:
    people: dict[str, Person]
    size: int = 11
    mode: Mode = "real"
    log_id: str = LOG


RECORD = Record({item.id: item for item in (person("a"), person("b"), person("s", kind="service", owners=("p-a",)))})


def state(name: str = "a", **changes: Any) -> Statement:
    credential = credential_id(public_key(KEYS[name]).blob)
    stated = statement_for(
        RECORD, FILED, credential=credential, role="risk-officer", answer="approve", expires=DEADLINE
    )
    return replace(stated, **changes)


def submit(name: str = "a", signer: str | None = None, **changes: Any) -> Submission:
    raw = state(name, **changes).encode()
    return Submission(f"p-{name}", raw, sign_sshsig(KEYS[signer or name], APPROVAL_NAMESPACE, raw))


def verify(submission: Submission, *, record: Record = RECORD, filed: Filed = FILED, **more: Any) -> Approval:
    return verify_approval(record, filed, submission, **{"makers": frozenset(), "now": NOW, **more})


def answered(name: str, answer: str = "approve", **changes: Any) -> Answer:
    given = state(name)
    return replace(
        Answer(
            id=f"a-{name}",
            answer=answer,  # type: ignore[arg-type]
            person=f"p-{name}",
            credential=given.credential,
            role=given.role,
            binding=given.binding,
            statement=BINDING,
            signature=BINDING,
            expires=given.expires,
            actor=f"p-{name}",
            index=11,
            recorded_at=NOW,
        ),
        **changes,
    )


def test_a_good_answer_is_taken() -> None:
    """A signed yes by an enrolled non-maker in a role that is asked for; so is a no."""
    approval = verify(submit())
    assert approval.member.person == "p-a"
    assert approval.member.roles == {"risk-officer"}
    assert verify(submit(answer="reject")).statement.answer == "reject"


def test_what_must_not_change_before_an_answer_is_recorded() -> None:
    """The request, the person, and the thing it is about."""
    assert answer_keys(FILED, "p-a") == {FILED.subject, "person/p-a", FILED.concerns}


def revoked(name: str) -> Record:
    known = RECORD.people[f"p-{name}"]
    ended = tuple(replace(item, revoked_index=5) for item in known.credentials)
    return replace(RECORD, people={**RECORD.people, known.id: replace(known, credentials=ended)})


def two_keys() -> Record:
    """p-a has another valid credential, while the one they sign with is revoked."""
    other = credential_id(public_key(KEYS["s"]).blob)
    held = replace(RECORD.people["p-a"].credentials[0], revoked_index=5)
    fresh = Credential(other, public_key(KEYS["s"]).line, 4, NOW)
    return replace(RECORD, people={**RECORD.people, "p-a": person("a", credentials=(held, fresh))})


REFUSED: dict[str, tuple[Submission, dict[str, Any]]] = {
    "somebody nobody enrolled": (replace(submit(), person="p-x"), {}),
    "a service account": (submit("s"), {}),
    "another person's credential": (replace(submit("b"), person="p-a"), {}),
    "a revoked credential": (submit(), {"record": two_keys()}),
    "a person without a valid credential": (submit(), {"record": revoked("a")}),
    "enrolled after": (submit(), {"record": replace(RECORD, size=3)}),
    "signed by another": (submit(signer="b"), {}),
    "another log": (submit(log="c" * 64), {}),
    "another request": (submit(sequence=9), {}),
    "another leaf": (submit(leaf_hash=b"\x02" * 32), {}),
    "another binding": (submit(binding="sha256:" + "c" * 64), {}),
    "a role they do not hold": (submit(role="validator"), {}),
    "a role that is not asked for": (
        submit(role="officer"),
        {"record": replace(RECORD, people={"p-a": person("a", roles=frozenset({"officer"}))})},
    ),
    "a maker": (submit(), {"makers": frozenset({"p-a"})}),
    "a second answer": (submit(), {"filed": replace(FILED, answers=(answered("a"),))}),
    "after the deadline": (submit(), {"now": LATER}),
    "after it expired": (submit(expires=FILED.recorded_at), {}),
    "outliving the request": (submit(expires=LATER), {}),
    "after a rejection": (submit(), {"filed": replace(FILED, answers=(answered("b", "reject"),))}),
    "after it was used": (submit(), {"filed": replace(FILED, used_by="promotion-1")}),
    "a statement that is none": (replace(submit(), statement=b"{}"), {}),
    "a statement with white space": (replace(submit(), statement=submit().statement + b" "), {}),
}


@pytest.mark.parametrize(("submission", "more"), REFUSED.values(), ids=REFUSED)
def test_an_answer_is_refused(submission: Submission, more: dict[str, Any]) -> None:
    """One thing is wrong each time; the error says what to do."""
    with pytest.raises((InputError, NotPermitted)) as caught:
        verify(submission, **more)
    assert caught.value.hint


statements = st.builds(
    Statement,
    log=st.just(LOG),
    sequence=st.integers(0, 2**53 - 1),
    leaf_hash=st.binary(min_size=32, max_size=32),
    binding=st.just(BINDING),
    answer=st.sampled_from(["approve", "reject"]),
    credential=st.just("SHA256:abc+/"),
    role=st.sampled_from(["risk-officer", "validator"]),
    expires=st.just(DEADLINE),
    reason=st.sampled_from([None, BINDING]),
)


@given(statements)
def test_a_statement_survives_its_bytes(statement: Statement) -> None:
    """parse(format(x)) == x."""
    assert Statement.decode(statement.encode()) == statement


MALFORMED = {
    "log": "short",
    "sequence": -1,
    "binding": "sha256:x",
    "answer": "perhaps",
    "credential": "",
    "role": "a b",
    "expires": "tomorrow",
    "reason": "because",
}


@pytest.mark.parametrize(("member", "value"), MALFORMED.items())
def test_a_malformed_statement_is_refused(member: str, value: Any) -> None:
    """Every member has its form."""
    with pytest.raises(InputError):
        Statement.decode(replace(state(), **{member: value}).encode())


def test_any_changed_member_breaks_the_signature() -> None:
    """Nobody can move a signature to another answer, role or date."""
    submission = submit()
    for change in ({"answer": "reject"}, {"expires": NOW}, {"reason": BINDING}):
        with pytest.raises(InputError, match="does not match"):
            verify(replace(submission, statement=state(**change).encode()))


def test_a_recorded_answer_is_verified_as_it_was() -> None:
    """The audit takes what the door took; an entry that says something else than was signed is refused."""
    raw = submit()
    bytes_ = {"statement": raw.statement, "signature": raw.signature.encode(), "makers": frozenset[str]()}
    assert verify_answer(RECORD, FILED, answered("a"), **bytes_).person == "p-a"
    for changed in (answered("a", "reject"), answered("a", role="validator"), answered("a", expires=NOW)):
        with pytest.raises(InputError, match="what was signed"):
            verify_answer(RECORD, FILED, changed, **bytes_)
    with pytest.raises(NotPermitted, match="not open"):
        verify_answer(RECORD, FILED, answered("a", recorded_at=LATER), **bytes_)
    with pytest.raises(InputError, match="not text"):
        verify_answer(RECORD, FILED, answered("a"), **{**bytes_, "signature": b"\xff"})


def test_an_answer_stands_until_it_expires_or_is_revoked() -> None:
    """Revocation of person or key, and expiry, take an approval away before it is used."""
    assert stands(RECORD, answered("a"), NOW)
    assert not stands(RECORD, answered("a"), LATER)
    assert not stands(revoked("a"), answered("a"), NOW)
    assert not stands(two_keys(), answered("a"), NOW)
    assert not stands(replace(RECORD, people={}), answered("a"), NOW)


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1, max_size=50),
    st.binary(min_size=32, max_size=32),
)
def test_a_reason_survives_its_seal(words: str, salt: bytes) -> None:
    """The sealed text opens to the reason whose commitment was signed."""
    if not words.strip():
        return
    reason = Reason(words, salt)
    assert Reason.decode(reason.encode()) == reason
    assert Reason.decode(reason.encode()).commitment == reason.commitment
    assert Reason(words + "x", salt).commitment != reason.commitment


@pytest.mark.parametrize("sealed", ["", "words only", "AAAA words", "A" * 43 + "= "])
def test_what_is_no_sealed_reason_is_refused(sealed: str) -> None:
    """A reason needs its salt and a word."""
    with pytest.raises(InputError):
        Reason.decode(sealed)
