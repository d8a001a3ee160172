"""A deployment as the ledger tells it: intents, what came of them, stops and moves back, and what all that comes
to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from governance.subject import deployment_digest
from ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an intent."""

    answer: Literal["succeeded", "failed", "unknown"]
    deployment_digest: str
    receipt: str
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A promotion that was about to be done, and what came of it; no outcome yet means it may have happened."""

    promotion: str
    kind: Literal["promotion", "resume"]
    target: str
    request: str
    decision: str
    subject: str
    digest: str
    configuration: str
    fallback: str | None
    approvals: tuple[str, ...]
    actor: str
    index: int
    recorded_at: str
    outcomes: tuple[Outcome, ...] = ()

    @property
    def outcome(self) -> Outcome | None:
        """The newest outcome."""
        return self.outcomes[-1] if self.outcomes else None

    @property
    def settled(self) -> bool:
        """Whether it is known to have succeeded or failed; until then the target is blocked."""
        return self.outcome is not None and self.outcome.answer != "unknown"

    @property
    def deployment_digest(self) -> str:
        """The identity of the deployment it would make."""
        return deployment_digest(self.digest, self.target, self.configuration)


@dataclass(frozen=True, slots=True)
class Live:
    """What people allowed to serve at a target, since `index` (of its outcome or of the rollback to it)."""

    subject: str
    digest: str
    configuration: str
    fallback: str | None
    promotion: str
    deployment_digest: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Suspension:
    """A safety stop: `serving` answers instead (a model, or a fallback such as `human-queue`)."""

    cause: str | None
    serving: str
    serving_digest: str | None
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """A move back to something that was live here before."""

    cause: str | None
    subject: str
    digest: str
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Drift was found: `k` breaches in the last `n` windows, of the deployment with this digest."""

    k: int
    n: int
    windows: tuple[str, ...]
    digest: str
    actor: str
    index: int
    recorded_at: str


History: TypeAlias = tuple[Intent | Suspension | Rollback | Drift, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """All that happened at one target, and what it comes to.

    `live` is the last thing allowed to serve; while `suspension` is set it does not, and the fallback does. `lives`
    are all things that ever were live, oldest first; `history` is in order of the entries.
    """

    subject: str
    target: str
    history: History = ()
    lives: tuple[Live, ...] = ()
    suspension: Suspension | None = None

    @property
    def live(self) -> Live | None:
        """The last thing allowed to serve here; None before the first promotion succeeded."""
        return self.lives[-1] if self.lives else None

    @property
    def intents(self) -> tuple[Intent, ...]:
        """Every promotion tried here."""
        return tuple(event for event in self.history if isinstance(event, Intent))

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """Every detection of drift here."""
        return tuple(event for event in self.history if isinstance(event, Drift))

    @property
    def unsettled(self) -> Intent | None:
        """The intent of which nobody knows yet what came; it blocks the target until reconciled."""
        return next((intent for intent in self.intents if not intent.settled), None)

    @property
    def state(self) -> Literal["unknown", "suspended", "live", "empty"]:
        """Unknown outweighs suspended, which outweighs live."""
        if self.unsettled is not None:
            return "unknown"
        if self.suspension is not None:
            return "suspended"
        return "live" if self.lives else "empty"


def apply(deployment: Deployment, entry: Entry) -> Deployment | str:
    """The deployment after `entry`, or, in words, why such an entry cannot follow on what went before."""
    step = _STEPS[entry.type]
    return step(deployment, entry)


def _intended(deployment: Deployment, entry: Entry) -> Deployment | str:
    data = entry.data
    if deployment.unsettled is not None:
        return "a promotion was intended while nobody knew what came of the one before"
    earlier = [intent for intent in deployment.intents if intent.promotion == data["promotion"]]
    if any(intent.outcome is not None and intent.outcome.answer == "succeeded" for intent in earlier):
        return "a promotion that had succeeded was intended again"
    if any((intent.request, intent.digest) != (data["request"], data["digest"]) for intent in earlier):
        return "one promotion id was used for two things"
    intent = Intent(
        promotion=data["promotion"],
        kind=data["kind"],
        target=deployment.target,
        request=data["request"],
        decision=data["decision"],
        subject=data["subject"],
        digest=data["digest"],
        configuration=data["configuration"],
        fallback=data.get("fallback"),
        approvals=tuple(data["approvals"]),
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    return replace(deployment, history=(*deployment.history, intent))


def _came_out(deployment: Deployment, entry: Entry) -> Deployment | str:
    intent = deployment.unsettled
    if intent is None or intent.promotion != entry.data["promotion"]:
        return "an outcome was recorded of a promotion that was not under way"
    if intent.deployment_digest != entry.data["deployment_digest"]:
        return "an outcome names another deployment than was intended"
    outcome = Outcome(
        answer=_ANSWERS[entry.type],
        deployment_digest=entry.data["deployment_digest"],
        receipt=entry.data["receipt"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    done = replace(intent, outcomes=(*intent.outcomes, outcome))
    history = tuple(done if event is intent else event for event in deployment.history)
    if outcome.answer != "succeeded":
        return replace(deployment, history=history)
    live = Live(
        subject=intent.subject,
        digest=intent.digest,
        configuration=intent.configuration,
        fallback=intent.fallback,
        promotion=intent.promotion,
        deployment_digest=outcome.deployment_digest,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    return replace(deployment, history=history, lives=(*deployment.lives, live), suspension=None)


def _suspended(deployment: Deployment, entry: Entry) -> Deployment | str:
    # A safety stop acts first and may be told late, so no state forbids it.
    stop = Suspension(
        cause=entry.data.get("cause"),
        serving=entry.data["serving"],
        serving_digest=entry.data.get("serving_digest"),
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    return replace(deployment, history=(*deployment.history, stop), suspension=stop)


def _rolled_back(deployment: Deployment, entry: Entry) -> Deployment | str:
    wanted = (entry.data["subject"], entry.data["digest"])
    before = [live for live in deployment.lives if (live.subject, live.digest) == wanted]
    if not before:
        return "a rollback went to something that was never live here"
    back = Rollback(
        cause=entry.data.get("cause"),
        subject=entry.data["subject"],
        digest=entry.data["digest"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    live = replace(before[-1], index=entry.index, recorded_at=entry.recorded_at)
    return replace(deployment, history=(*deployment.history, back), lives=(*deployment.lives, live), suspension=None)


def _drifted(deployment: Deployment, entry: Entry) -> Deployment | str:
    if deployment.live is None:
        return "drift was found where nothing was ever live"
    drift = Drift(
        k=entry.data["k"],
        n=entry.data["n"],
        windows=tuple(entry.data["windows"]),
        digest=entry.data["digest"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    return replace(deployment, history=(*deployment.history, drift))


_ANSWERS: Final[Mapping[str, Literal["succeeded", "failed", "unknown"]]] = {
    "promotion.succeeded.v1": "succeeded",
    "promotion.failed.v1": "failed",
    "promotion.unknown.v1": "unknown",
}
_STEPS: Final[Mapping[str, Callable[[Deployment, Entry], Deployment | str]]] = {
    "promotion.intended.v1": _intended,
    **dict.fromkeys(_ANSWERS, _came_out),
    "deployment.suspended.v1": _suspended,
    "deployment.rolled_back.v1": _rolled_back,
    "drift.detected.v1": _drifted,
}
TYPES: Final = frozenset(_STEPS)
"""The event types that `apply` understands."""
