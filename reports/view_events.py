"""The life-line of a model: what each entry about it says, in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ledger.entry import Entry
from reports.dossier import EventView

# event type -> (lane, words, tone); words are filled from the entry's public data.
_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "dataset.registered.v1": ("data", "data set registered: {subject}", ""),
    "pii.scanned.v1": ("data", "scanned for personal data: {identified_columns} columns with identities", ""),
    "pii.transformed.v1": ("data", "identities taken out of {source}", "good"),
    "threshold.registered.v1": ("training", "thresholds registered", ""),
    "training.started.v1": ("training", "training started on {dataset}", ""),
    "training.completed.v1": ("training", "training ended with exit code {exit_code}", ""),
    "model.registered.v1": ("training", "model registered: {subject}, tier {tier}", ""),
    "model.classification_confirmed.v1": ("people", "classification confirmed: tier {tier}", "good"),
    "evidence.measured.v1": ("evidence", "{kind} measured, n = {n}", ""),
    "evidence.declared.v1": ("evidence", "{kind} declared, n = {n}", ""),
    "policy.decided.v1": ("decisions", "gate {gate}: {outcome}", ""),
    "promotion.requested.v1": ("people", "{kind} to {target} put to people", ""),
    "approval.granted.v1": ("people", "approved as {role}", "good"),
    "approval.rejected.v1": ("people", "rejected as {role}", "bad"),
    "promotion.intended.v1": ("deployment", "{kind} begun at {subject}", ""),
    "promotion.succeeded.v1": ("deployment", "live at {subject}", "good"),
    "promotion.failed.v1": ("deployment", "promotion failed at {subject}", "bad"),
    "promotion.unknown.v1": ("deployment", "nobody knows what came of the promotion at {subject}", "bad"),
    "drift.detected.v1": ("deployment", "drift in {k} of {n} windows", "bad"),
    "deployment.suspended.v1": ("deployment", "suspended at {subject}; {serving} serves", "bad"),
    "deployment.rolled_back.v1": ("deployment", "rolled back at {subject}", "bad"),
    "retraining.requested.v1": ("training", "retraining asked for", ""),
    "report.issued.v1": ("records", "report issued: {format}", ""),
    "trail.exported.v1": ("records", "trail exported: {scope}", ""),
}
_OUTCOMES: Final = {"allow": "good", "deny": "bad", "integrity": "bad", "fault": "bad"}


def events(entries: Iterable[Entry]) -> tuple[EventView, ...]:
    """The entries that are about the making, judging and serving of a model, in order; people's enrolments are not."""
    return tuple(_event(entry) for entry in entries if entry.type in _WORDS)


def _event(entry: Entry) -> EventView:
    lane, words, tone = _WORDS[entry.type]
    said: dict[str, Any] = {**entry.data, "subject": entry.subject}
    return EventView(
        lane=lane,
        words=words.format_map(said),
        recorded_at=entry.recorded_at,
        index=entry.index,
        tone=tone or _tone(entry),
    )


def _tone(entry: Entry) -> str:
    if entry.type == "policy.decided.v1":
        return _OUTCOMES.get(entry.data["outcome"], "")
    if entry.type == "training.completed.v1":
        return "good" if entry.data["exit_code"] == 0 else "bad"
    if entry.type == "pii.scanned.v1":
        return "bad" if entry.data["identified_columns"] or entry.data["unclassified_columns"] else "good"
    return ""
