"""Asking gates, and finding and replaying what they answered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.operations.documents import get_document
from adapters.storage.files import read_json_object
from governance import gate as kernel
from governance.configuration import Configuration
from governance.decision import Decision
from governance.errors import InputError
from governance.gate import Question
from governance.replay import Replayed
from governance.replay import replay as replay_decision

if TYPE_CHECKING:
    from adapters.wiring import Home

GATES = ("ingest", "train", "register", "production", "in_production")


def check(home: Home, gate: str, subject: str, *, target: str = "", config: Path | None = None) -> Decision:
    """Ask a gate about a subject; the decision is recorded unless it was the last answer already."""
    if gate not in GATES:
        raise InputError(f"unknown gate {gate!r}", f"use one of {', '.join(GATES)}")
    question = Question(gate, subject, target.removeprefix("deployment/"), read_configuration(config))
    return kernel.check(home.desk(), question, actor=home.actor())


def read_configuration(config: Path | None) -> Configuration | None:
    """A deployment's configuration from a JSON file. Raises InputError."""
    return None if config is None else Configuration.of(read_json_object(config))


def find_decision(home: Home, reference: str) -> Decision:
    """The decision with this id, or the latest about a subject. Raises InputError."""
    return kernel.recorded(home.blobs, home.catalog().decisions[decision_id(home, reference)])


def input_of(home: Home, decision: Decision) -> dict[str, Any]:
    """The gate input a recorded decision rests on."""
    if decision.input_digest is None:
        raise InputError(f"{decision.id} failed before there was an input", "see its findings")
    return get_document(home, decision.input_digest)


def decision_id(home: Home, reference: str) -> str:
    """The id of the decision `reference` names: itself, or the latest about that subject."""
    decisions = home.catalog().decisions
    if reference in decisions:
        return reference
    names = {reference, *(f"{kind}/{reference}" for kind in ("dataset", "model", "deployment"))}
    about = [decided for decided in decisions.values() if decided.subject in names]
    if not about:
        raise InputError(f"there is no decision {reference}", "give a decision id, or a subject a gate was asked about")
    return max(about, key=lambda decided: decided.index).id


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision and what came of evaluating it again."""

    replayed: Replayed

    @property
    def same(self) -> bool:
        """Whether the answer was the same."""
        return not self.replayed.differences

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {
            "decision": self.replayed.recorded.id,
            "outcome": str(self.replayed.again.outcome),
            "recorded_outcome": str(self.replayed.recorded.outcome),
            "recorded_engine": str(self.replayed.recorded.engine),
            "engine": str(self.replayed.again.engine),
            "findings": [finding.document() for finding in self.replayed.again.findings],
            "same": self.same,
            "differences": list(self.replayed.differences),
        }

    def lines(self) -> list[str]:
        """The result in words."""
        recorded, again = self.replayed.recorded, self.replayed.again
        answer = "the same answer" if self.same else f"ANOTHER ANSWER: {', '.join(self.replayed.differences)} differ"
        return [
            f"{recorded.id}  {recorded.gate}  {recorded.subject}",
            f"  recorded {recorded.outcome} by {recorded.engine}, {len(recorded.findings)} findings",
            f"  replayed {again.outcome} by {again.engine}, {len(again.findings)} findings: {answer}",
        ]


def replay(home: Home, reference: str, engine: str | None) -> Replay:
    """Evaluate a recorded decision again, from its stored input and bundle, on an engine (its own by default)."""
    decision = decision_id(home, reference)
    name = engine or home.catalog().decisions[decision].engine.partition("@")[0]
    return Replay(replay_decision(home.blobs, home.catalog(), decision, home.engines, name))
