"""A dossier's view with something in every section, for the tests of rendering."""

from __future__ import annotations

from reports.dossier import (
    ApprovalView,
    Citation,
    Command,
    DatasetView,
    DecisionView,
    DeploymentView,
    DossierView,
    EventView,
    EvidenceView,
    FairnessView,
    FindingView,
    GroupView,
    MetricView,
    ProofView,
    RequestView,
    RunView,
    ThresholdView,
    WindowView,
)


def at(minute: int) -> str:
    """A time on the day of the sample."""
    return f"2026-11-23T10:{minute:02d}:00.000000Z"


def sha(letter: str) -> str:
    """A digest made of one hex digit."""
    return "sha256:" + letter * 64


DATASET = DatasetView(
    subject="dataset/german@2",
    digest=sha("a"),
    rows=1000,
    columns=24,
    owner="p-dataowner1",
    purpose="credit-scoring",
    legal_basis="contract",
    labels=("personal", "financial"),
    provider="on-premises",
    realm="declared",
    region="abu-dhabi",
    retention_days=1825,
    registered_at=at(5),
    index=9,
    identified_columns=0,
    unclassified_columns=0,
    derived_from="dataset/german@1",
    transformed=True,
    source="UCI Statlog (German Credit Data)",
    licence="CC-BY-4.0",
)
RUN = RunView(
    subject="run/5f1e9c2a-0001",
    dataset="dataset/german@2",
    dataset_digest=sha("a"),
    revision="9f2c41d0aa17",
    dirty=False,
    environment=sha("b"),
    authors=("p-trainer001",),
    seed=7,
    gated=True,
    started_at=at(12),
    index=14,
    exit_code=0,
    duration_ms=83_400,
    facts=(("Hardware", "2 cores, 8 GB, no accelerator"), ("Python", "3.12.1")),
)
FAIRNESS = EvidenceView(
    kind="fairness",
    state="measured",
    method="out-of-fold/v1",
    tool="fairlearn-0.15.0",
    n=1000,
    data_digest=sha("a"),
    content=sha("c"),
    measured_at=at(20),
    index=19,
    seed="7",
    groups=(
        FairnessView(
            "sex",
            "selection rate",
            "0.197",
            "0.10",
            (GroupView("male", "0.781", 690), GroupView("female", "0.584", 310)),
        ),
        FairnessView(
            "age",
            "selection rate",
            "0.076",
            "0.10",
            (GroupView("25 and over", "0.736", 810), GroupView("under 25", "0.66", 190)),
        ),
    ),
)
PERFORMANCE = EvidenceView(
    kind="performance",
    state="measured",
    method="out-of-fold/v1",
    tool="scikit-learn-1.9.1",
    n=1000,
    data_digest=sha("a"),
    content=sha("d"),
    measured_at=at(19),
    index=18,
    seed="7",
    metrics=(MetricView("accuracy", "0.772", "min", "0.70"), MetricView("roc_auc", "0.69", "min", "0.72")),
)
FINDING = FindingView(
    control="CB-AI-F",
    severity="C",
    kind="violated",
    title="Outcomes do not differ between groups of people beyond the limit",
    title_ar="لا تختلف النتائج بين فئات الأشخاص بما يتجاوز الحد",
    field="evidence.fairness.values.sex.parity_difference",
    value="0.197",
    limit="0.10",
    passes="at 0.10 or below",
    detail="n = 690 / 310",
    basis="law/standard",
    citations=(
        Citation("CBUAE guidance note on AI and machine learning", "section 3", "guidance", "sourced"),
        Citation("ISO/IEC 42001", "A.5.4", "in_force", "verify"),
    ),
)
DENIED = DecisionView(
    id="d-5f1e",
    subject="model/credit@2",
    gate="production",
    target="serving/credit",
    outcome="deny",
    decided_at=at(25),
    index=22,
    engine="regorus-0.13.0",
    bundle=sha("e"),
    document=sha("f"),
    findings=(
        FINDING,
        FindingView(
            "MON-BASE", "H", "missing", "A drift baseline exists for this digest", next="qayd evidence measure drift"
        ),
    ),
)
PENDING = DecisionView(
    id="d-7c02",
    subject="model/credit@2",
    gate="production",
    target="serving/credit",
    outcome="pending",
    decided_at=at(30),
    index=26,
    engine="regorus-0.13.0",
    bundle=sha("e"),
    document=sha("1"),
    requires=("1 risk-officer", "1 validator"),
)
REQUEST = RequestView(
    subject="request/0a1b2c3d4e",
    kind="promotion",
    target="serving/credit",
    requester="p-trainer001",
    opened_at=at(31),
    deadline="2026-11-30T10:31:00.000000Z",
    binding=sha("2"),
    state="used",
    index=27,
    requires=("1 risk-officer", "1 validator"),
    approvals=(
        ApprovalView(
            "p-trainer001", "risk-officer", "approve", at(32), "SHA256:trainerkey", 28, False, "made the model"
        ),
        ApprovalView("p-riskofficer", "risk-officer", "approve", at(33), "SHA256:riskkey", 29),
        ApprovalView("p-validator1", "validator", "approve", at(34), "SHA256:validatorkey", 30),
    ),
)
WINDOWS = (
    WindowView("deployment/credit", at(45), 200, "0", "1", False, 36),
    WindowView("deployment/credit", at(46), 200, "2", "1", True, 37),
    WindowView("deployment/credit", at(47), 200, "3", "1", True, 38),
)
VIEW = DossierView(
    subject="model/credit@2",
    digest=sha("9"),
    owner="p-modelowner",
    registered_at=at(16),
    tier="high",
    decides_on_people=True,
    confirmed=True,
    standing="suspended, fallback serving",
    as_of=at(48),
    run=RUN,
    proof=ProofView(
        origin="qayd.example/play-3f2a",
        log_id="3f2a",
        mode="play",
        checkpoint_size=38,
        root="Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=",
        vkey="qayd.example/play-3f2a+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        entries=31,
        first_index=4,
        last_index=39,
        size=41,
    ),
    datasets=(DATASET,),
    thresholds=(
        ThresholdView("accuracy", "min", "0.70", at(10), 12, True),
        ThresholdView("roc_auc", "min", "0.72", at(10), 12, True),
    ),
    evidence=(PERFORMANCE, FAIRNESS),
    decisions=(DENIED, PENDING),
    requests=(REQUEST,),
    deployments=(
        DeploymentView("deployment/credit", "promoted", "serving model/credit@2", at(40), 33),
        DeploymentView("deployment/credit", "suspended", "fallback rules", at(48), 39, "drift in 2 of 3 windows"),
    ),
    windows=WINDOWS,
    events=(
        EventView("data", "data set registered", at(5), 9),
        EventView("data", "scanned for personal data", at(6), 10, "bad"),
        EventView("data", "pseudonymised", at(7), 11, "good"),
        EventView("training", "thresholds registered", at(10), 12),
        EventView("training", "training started", at(12), 14),
        EventView("training", "training completed", at(14), 15, "good"),
        EventView("training", "model registered", at(16), 16),
        EventView("evidence", "performance measured", at(19), 18),
        EventView("evidence", "fairness measured", at(20), 19),
        EventView("decisions", "gate production: deny", at(25), 22, "bad"),
        EventView("decisions", "gate production: pending", at(30), 26),
        EventView("people", "request opened", at(31), 27),
        EventView("people", "approved by a risk officer", at(33), 29, "good"),
        EventView("people", "approved by a validator", at(34), 30, "good"),
        EventView("deployment", "promoted", at(40), 33, "good"),
        EventView("evidence", "drift window", at(46), 37, "bad"),
        EventView("deployment", "suspended after drift", at(48), 39, "bad"),
    ),
    verify=(
        Command(
            "Check the whole ledger against the key and an older checkpoint:",
            "qayd ledger verify --key VKEY --checkpoint old.note",
        ),
        Command("Check an exported trail, offline:", "qayd trail verify credit.trail --key VKEY"),
    ),
    makers=("p-trainer001", "p-dataowner1"),
)
