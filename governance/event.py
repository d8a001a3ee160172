"""The vocabulary of events: every kind Qayd writes, field by field, and who may write it.

A field is `public` (ASCII, matched against a pattern), `sealed` (personal data or free text; only a salted
commitment reaches the ledger's bytes) or a `digest` of bytes kept as a blob. Detail lives in blobs; an entry
holds what later steps must find and compare. Types marked open may be sent by any system
(`qayd ledger append`); all others are written only by their own commands.
"""

from __future__ import annotations

from collections.abc import Mapping

from ledger.schema import EventType, EventTypes, Field

NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
PERSON = r"p-[a-z0-9]{8,32}"
DATASET = rf"dataset/{NAME}@[1-9][0-9]{{0,5}}"
MODEL = rf"model/{NAME}@[1-9][0-9]{{0,5}}"
MODEL_NAME = rf"model/{NAME}"
RUN = r"run/[a-z0-9-]{8,64}"
REQUEST = r"request/[a-z0-9-]{8,64}"
DEPLOYMENT = rf"deployment/{NAME}"
SOURCE = r"[a-z0-9][a-z0-9._/-]{0,63}"
ANY_SUBJECT = rf"({DATASET}|{MODEL}|{MODEL_NAME}|{RUN}|{REQUEST}|{DEPLOYMENT})"

TOKEN = Field("public")
OPTIONAL = Field("public", required=False)
TOKENS = Field("public", "tokens")
INTEGER = Field("public", "integer")
FLAG = Field("public", "boolean")
TIME = Field("public", "time")
DIGEST = Field("digest", "digest")
OPTIONAL_DIGEST = Field("digest", "digest", required=False)
JSON = Field("public", "json")
WORDS = Field("sealed", "text", required=False)
PERSON_ID = Field("public", pattern=PERSON)


def _type(
    name: str, subject: str, fields: Mapping[str, Field], *, touches: tuple[str, ...] = (), is_open: bool = False
) -> EventType:
    return EventType(name=name, fields=fields, subject=subject, open=is_open, touches=touches)


_PEOPLE = (
    _type(
        "person.enrolled.v1",
        rf"person/{PERSON}",
        {
            "name": Field("sealed", "text"),
            "kind": Field("public", pattern="natural|service"),
            "roles": TOKENS,
            "owners": Field("public", "tokens", required=False),
            "credential": TOKEN,
            "key": Field("public", "text", pattern=r"[a-z0-9@.-]+ [A-Za-z0-9+/=]{40,200}"),
        },
    ),
    _type("person.revoked.v1", rf"person/{PERSON}", {"credential": OPTIONAL, "reason": WORDS}),
)

_DATA = (
    _type(
        "dataset.registered.v1",
        DATASET,
        {
            "digest": DIGEST,
            "card": DIGEST,
            "rows": INTEGER,
            "columns": INTEGER,
            "owner": PERSON_ID,
            "supplier": PERSON_ID,
            "purpose": TOKEN,
            "legal_basis": TOKEN,
            "labels": TOKENS,
            "provider": TOKEN,
            "realm": TOKEN,
            "region": TOKEN,
            "retention_days": INTEGER,
            "derived_from": Field("public", pattern=DATASET, required=False),
            "derived_digest": OPTIONAL_DIGEST,
        },
        touches=("derived_from",),
    ),
    _type(
        "pii.scanned.v1",
        DATASET,
        {
            "digest": DIGEST,
            "report": DIGEST,
            "engine": TOKEN,
            "identified_columns": INTEGER,
            "unclassified_columns": INTEGER,
        },
    ),
    _type(
        "pii.transformed.v1",
        DATASET,
        {
            "source": Field("public", pattern=DATASET),
            "source_digest": DIGEST,
            "digest": DIGEST,
            "report": DIGEST,
            "key_id": TOKEN,
            "columns": INTEGER,
        },
        touches=("source",),
    ),
)

_TRAINING = (
    _type(
        "threshold.registered.v1",
        MODEL_NAME,
        {
            "method": TOKEN,
            "folds": INTEGER,
            "seed": INTEGER,
            "data_digest": DIGEST,
            "dataset": Field("public", pattern=DATASET),
            "items": JSON,
        },
    ),
    _type(
        "training.started.v1",
        RUN,
        {
            "model": Field("public", pattern=MODEL_NAME),
            "dataset": Field("public", pattern=DATASET),
            "dataset_digest": DIGEST,
            "gated": FLAG,
            "decision": OPTIONAL,
            "revision": TOKEN,
            "dirty": FLAG,
            "environment": DIGEST,
            "manifest": DIGEST,
            "authors": TOKENS,
            "seed": INTEGER,
        },
        touches=("model", "dataset"),
    ),
    _type(
        "training.completed.v1",
        RUN,
        {
            "exit_code": INTEGER,
            "duration_ms": INTEGER,
            "artifacts": OPTIONAL_DIGEST,
            "report": DIGEST,
        },
    ),
    _type(
        "model.registered.v1",
        MODEL,
        {
            "digest": DIGEST,
            "run": Field("public", pattern=RUN),
            "owner": PERSON_ID,
            "tier": Field("public", pattern="low|medium|high"),
            "decides_on_people": FLAG,
            "intended_use": WORDS,
        },
        touches=("run",),
    ),
    _type(
        "model.classification_confirmed.v1",
        MODEL,
        {"digest": DIGEST, "tier": Field("public", pattern="low|medium|high"), "decides_on_people": FLAG},
    ),
)

_EVIDENCE_FIELDS = {
    "kind": Field("public", pattern="performance|fairness|drift|drift-window"),
    "digest": DIGEST,
    "content": DIGEST,
    "method": TOKEN,
    "data_digest": DIGEST,
    "n": INTEGER,
    "measured_at": TIME,
}

_EVIDENCE = (
    _type("evidence.measured.v1", rf"({MODEL}|{DEPLOYMENT})", {**_EVIDENCE_FIELDS, "tool": TOKEN}),
    _type("evidence.declared.v1", rf"({MODEL}|{DEPLOYMENT})", _EVIDENCE_FIELDS),
)

_JUDGEMENT = (
    _type(
        "policy.decided.v1",
        ANY_SUBJECT,
        {
            "decision": TOKEN,
            "gate": TOKEN,
            "target": OPTIONAL,
            "outcome": Field("public", pattern="allow|deny|pending|insufficient|integrity|fault"),
            "document": DIGEST,
            "binding": DIGEST,
            "input": DIGEST,
            "bundle": DIGEST,
            "engine": TOKEN,
            "as_of": INTEGER,
            "request": Field("public", pattern=REQUEST, required=False),
        },
        touches=("request",),
    ),
    _type(
        "promotion.requested.v1",
        REQUEST,
        {
            "gate": TOKEN,
            "kind": Field("public", pattern="promotion|resume"),
            "subject": Field("public", pattern=ANY_SUBJECT),
            "digest": DIGEST,
            "target": TOKEN,
            "binding": DIGEST,
            "packet": DIGEST,
            "decision": TOKEN,
            "deadline": TIME,
            "cause": OPTIONAL,
            "requires": JSON,
        },
        touches=("subject",),
    ),
    *(
        _type(
            name,
            REQUEST,
            {
                "person": PERSON_ID,
                "credential": TOKEN,
                "role": TOKEN,
                "binding": DIGEST,
                "statement": DIGEST,
                "signature": DIGEST,
                "reason": WORDS,
                "expires": TIME,
            },
            touches=("person",),
        )
        for name in ("approval.granted.v1", "approval.rejected.v1")
    ),
)

_DEPLOYMENT = (
    _type(
        "promotion.intended.v1",
        DEPLOYMENT,
        {
            "promotion": TOKEN,
            "kind": Field("public", pattern="promotion|resume"),
            "request": Field("public", pattern=REQUEST),
            "decision": TOKEN,
            "subject": Field("public", pattern=MODEL),
            "digest": DIGEST,
            "configuration": DIGEST,
            "fallback": OPTIONAL,
            "approvals": TOKENS,
        },
        touches=("request", "subject"),
    ),
    *(
        _type(name, DEPLOYMENT, {"promotion": TOKEN, "deployment_digest": DIGEST, "receipt": DIGEST})
        for name in ("promotion.succeeded.v1", "promotion.failed.v1", "promotion.unknown.v1")
    ),
    _type(
        "drift.detected.v1",
        DEPLOYMENT,
        {"k": INTEGER, "n": INTEGER, "windows": Field("public", "digests"), "digest": DIGEST},
    ),
    _type(
        "deployment.suspended.v1",
        DEPLOYMENT,
        {"cause": OPTIONAL, "serving": TOKEN, "serving_digest": OPTIONAL_DIGEST, "reason": WORDS},
    ),
    _type(
        "deployment.rolled_back.v1",
        DEPLOYMENT,
        {"cause": OPTIONAL, "subject": Field("public", pattern=MODEL), "digest": DIGEST, "reason": WORDS},
        touches=("subject",),
    ),
    _type(
        "retraining.requested.v1",
        rf"({MODEL}|{MODEL_NAME})",
        {"cause": OPTIONAL, "deployment": Field("public", pattern=DEPLOYMENT, required=False), "reason": WORDS},
        touches=("deployment",),
    ),
)

_RECORDS = (
    _type("report.issued.v1", ANY_SUBJECT, {"format": TOKEN, "digest": DIGEST, "as_of": INTEGER}),
    _type("trail.exported.v1", rf"({ANY_SUBJECT}|ledger)", {"scope": TOKEN, "as_of": INTEGER}),
    _type(
        "source.heartbeat.v1",
        SOURCE,
        {"source": Field("public", pattern=SOURCE), "counter": INTEGER},
        is_open=True,
    ),
)

EVENT_TYPES = EventTypes((*_PEOPLE, *_DATA, *_TRAINING, *_EVIDENCE, *_JUDGEMENT, *_DEPLOYMENT, *_RECORDS))
"""The registry handed to the ledger when it is created or opened."""
