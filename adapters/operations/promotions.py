"""Opening requests, and carrying them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.clock import FORMAT, identifier
from adapters.operations import deployments, models, requests
from adapters.operations.gates import find_decision, read_configuration
from adapters.storage.places import recall, remember
from governance import promotion as kernel
from governance.configuration import Configuration
from governance.decision import Decision
from governance.errors import InputError
from governance.gate import Question
from governance.request import Opened, Purpose, Wish, open_request

if TYPE_CHECKING:
    from adapters.wiring import Home

GATE = "production"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is open, as the doors tell of it."""

    opened: Opened

    @property
    def request(self) -> str:
        """The request's subject."""
        return self.opened.request

    @property
    def status(self) -> str:
        """Whether it was opened now or was open already."""
        return "opened" if self.opened.fresh else "open already"

    @property
    def binding(self) -> str:
        """The digest of all that is asked about."""
        return self.opened.decision.binding.digest

    @property
    def deadline(self) -> str:
        """When it expires."""
        return self.opened.deadline

    @property
    def needs(self) -> str:
        """The people asked for, in words."""
        return ", ".join(f"{slots.count} {slots.role}" for slots in self.opened.requires) or "nobody"

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {
            "request": self.request,
            "status": self.status,
            "binding": self.binding,
            "deadline": self.deadline,
            "decision": self.opened.decision.id,
            "requires": [slots.document() for slots in self.opened.requires],
        }


def request(home: Home, model: str, target: str, config: Path, *, hours: int) -> Asked:
    """Open a request to promote a model to a target, or find the one already open for the same binding."""
    found = models.find(home, model)
    name = target.removeprefix("deployment/")
    return _open(
        home, Question(GATE, found.subject, name, read_configuration(config)), config, hours, "promotion", None
    )


def request_resume(home: Home, target: str, cause: str, config: Path | None, *, hours: int) -> Asked:
    """Open a request to resume a suspended deployment, citing what caused the stop."""
    deployment = deployments.find(home, target)
    live = deployment.live
    if live is None:
        raise InputError(f"nothing was ever live at {deployment.target}", "promote a model there first")
    configuration = read_configuration(config) or Configuration.decode(home.blobs.get(live.configuration))
    index = deployments.cause_of(deployment, cause)
    question = Question(GATE, live.subject, deployment.target, configuration)
    return _open(home, question, config, hours, "resume", index)


def _open(home: Home, question: Question, config: Path | None, hours: int, kind: Purpose, cause: str | None) -> Asked:
    actor = home.actor()
    now = datetime.strptime(home.clock.now(), FORMAT)  # noqa: DTZ007 - the form itself says UTC
    deadline = (now + timedelta(hours=hours)).strftime(FORMAT)
    wish = Wish(f"request/{identifier('', 8)}", question, deadline, kind, cause)
    opened = open_request(home.desk(), wish, actor=actor)
    if config is not None:
        remember(home.layout, opened.request, config)
    return Asked(opened)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of running a request."""

    promoted: kernel.Promoted
    request: str
    target: str

    @property
    def decision(self) -> Decision:
        """The decision it rests on."""
        return self.promoted.decision

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return self.promoted.exit_code

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {
            "request": self.request,
            "promotion": self.promoted.promotion,
            "target": self.target,
            "answer": self.promoted.answer,
            "detail": self.promoted.detail,
            "decision": self.decision.document(),
            "exit_code": self.exit_code,
        }

    def lines(self) -> list[str]:
        """The result in words."""
        if self.promoted.answer is None:
            return [f"{self.promoted.promotion}: nothing was done at {self.target}"]
        detail = f": {self.promoted.detail}" if self.promoted.detail else ""
        return [f"{self.promoted.promotion}: {self.promoted.answer} at {self.target}{detail}"]


def run(home: Home, reference: str, config: Path | None) -> Done:
    """Evaluate again and, on the same binding with a quorum, promote (or resume). Idempotent per request."""
    filed = requests.find(home, reference)
    configuration = read_configuration(config) or _configuration(home, filed.subject, filed.decision)
    promoted = kernel.run(home.desk(), home.site(), filed.subject, configuration, actor=home.actor())
    return Done(promoted, filed.subject, filed.target)


def _configuration(home: Home, request_name: str, decision: str) -> Configuration:
    """The configuration as it is now where it came from, else the one that was bound."""
    found = read_configuration(recall(home.layout, request_name))
    if found is not None:
        return found
    bound = find_decision(home, decision).binding.configuration
    return Configuration.decode(home.blobs.get(bound))
