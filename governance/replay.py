"""Replay: a past decision computed again from its stored input and bundle, on any engine, also after erasures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from governance import notices
from governance.binding import Binding
from governance.catalog import Catalog
from governance.decision import Decision, Engine, Outcome
from governance.errors import InputError
from governance.finding import order, required
from governance.gate import evaluate, policy_of, recorded
from governance.ports import Blobs, Bundle, EngineFactory
from ledger.canonical import DOCUMENT_BYTES, decode
from ledger.errors import IntegrityError, Kind, Refused


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision as recorded and as computed again; `differences` names what is not the same (empty if nothing)."""

    recorded: Decision
    again: Decision
    differences: tuple[str, ...]


def replay(blobs: Blobs, catalog: Catalog, decision: str, factory: EngineFactory, engine: str) -> Replayed:
    """Compute a recorded decision again on `engine`, from its stored input and bundle only.

    Notices of the kernel, and the approvals that answered what people were asked, stay as recorded. Raises
    InputError (no such decision or engine), PolicyFault, IntegrityError (a blob is lost or not what was recorded).
    """
    known = catalog.decisions.get(decision)
    if known is None:
        raise InputError(f"there is no decision {decision}", "see `qayd decision show`")
    before = recorded(blobs, known)
    bundle, document = Bundle.decode(blobs.get(known.bundle)), _document(blobs.get(known.input), known.index)
    judge = factory(engine, bundle)
    found, effective, failure = evaluate(judge, before.gate, document)
    said = [item for item in before.findings if notices.is_notice(item) and item.control != notices.FAULT]
    everything = order([*found, *said, *([failure] if failure else [])])
    answered = before.request is not None and before.outcome is Outcome.ALLOW
    again = replace(
        before,
        binding=replace(before.binding, findings=Binding.merits(found), requires=required(found), policy=effective),
        outcome=notices.conclude(everything, quorum_met=answered),
        findings=everything,
        policy=policy_of(bundle, effective),
        engine=Engine(judge.name, judge.version),
    )
    return Replayed(before, again, _differences(before, again))


def _document(raw: bytes, index: int) -> dict[str, Any]:
    try:
        document: dict[str, Any] = decode(raw, max_bytes=DOCUMENT_BYTES)
    except Refused as error:
        raise IntegrityError(Kind.ALTERED, "a decision's input is not canonical", index) from error
    return document


def _differences(recorded: Decision, again: Decision) -> tuple[str, ...]:
    pairs = {
        "outcome": (recorded.outcome, again.outcome),
        "findings": (order(recorded.findings), order(again.findings)),
        "requires": (recorded.requires, again.requires),
        "binding": (recorded.binding, again.binding),
        "policy": (recorded.policy, again.policy),
    }
    return tuple(name for name, (before, after) in pairs.items() if before != after)
