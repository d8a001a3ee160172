"""The dossier of a model: everything the ledger knows of it, on one page that needs nothing else.

`DossierView` is a tree of plain values (strings, integers, tuples). Decimals stay the strings of the evidence, times
are `YYYY-MM-DDTHH:MM:SS.ffffffZ`, digests `sha256:<hex>`, people are their pseudonyms; what does not apply is "".
Rendering reads no clock: the same view gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.canonical import digest
from reports import charts, render

TEMPLATE = "dossier.html.j2"
LANES = ("data", "training", "evidence", "decisions", "people", "deployment", "records")


@dataclass(frozen=True, slots=True)
class Citation:
    """An article a control rests on, with its status and whether somebody read it (its verification state)."""

    law: str
    article: str
    status: str
    verification: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """A control's complaint; `passes` is the nearest change that would pass, `next` a command that helps."""

    control: str
    severity: str
    kind: str
    title: str
    title_ar: str = ""
    field: str = ""
    value: str = ""
    limit: str = ""
    passes: str = ""
    next: str = ""
    detail: str = ""
    basis: str = ""
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One recorded decision. `document` is the digest of all of it; `requires` are "1 risk-officer" and the like."""

    id: str
    subject: str
    gate: str
    target: str
    outcome: str
    decided_at: str
    index: int
    engine: str
    bundle: str
    document: str
    requires: tuple[str, ...] = ()
    findings: tuple[FindingView, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetView:
    """A data set in the model's lineage. Column counts of the scan are -1 where nothing was scanned."""

    subject: str
    digest: str
    rows: int
    columns: int
    owner: str
    purpose: str
    legal_basis: str
    labels: tuple[str, ...]
    provider: str
    realm: str
    region: str
    retention_days: int
    registered_at: str
    index: int
    identified_columns: int = -1
    unclassified_columns: int = -1
    derived_from: str = ""
    transformed: bool = False
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class RunView:
    """The training run. `facts` are further pairs of name and value, such as hardware and versions."""

    subject: str
    dataset: str
    dataset_digest: str
    revision: str
    dirty: bool
    environment: str
    authors: tuple[str, ...]
    seed: int
    gated: bool
    started_at: str
    index: int
    exit_code: int | None = None
    duration_ms: int = 0
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ThresholdView:
    """What the model had to reach. `before_training` tells whether it was registered before the run began."""

    metric: str
    bound: str
    value: str
    registered_at: str
    index: int
    before_training: bool


@dataclass(frozen=True, slots=True)
class MetricView:
    """One measured metric and what it is held to: bound "min", "max" or ""."""

    name: str
    value: str
    bound: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group of people: the rate measured for it and how many it has."""

    name: str
    value: str
    n: int


@dataclass(frozen=True, slots=True)
class FairnessView:
    """One attribute: the rate per group, their largest difference with its 95% interval ("" if there is none), and the
    limit of that difference.
    """

    attribute: str
    measure: str
    difference: str
    limit: str
    groups: tuple[GroupView, ...]
    interval: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One piece of evidence; `state` is measured or declared, `seed` "" where there is none."""

    kind: str
    state: str
    method: str
    tool: str
    n: int
    data_digest: str
    content: str
    measured_at: str
    index: int
    seed: str = ""
    metrics: tuple[MetricView, ...] = ()
    groups: tuple[FairnessView, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One person's signed answer. `counted` tells whether it met the request's quorum; `note` says why not."""

    person: str
    role: str
    answer: str
    recorded_at: str
    credential: str
    index: int
    counted: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request put to people and their answers; `state` is open, granted, used, rejected or expired."""

    subject: str
    kind: str
    target: str
    requester: str
    opened_at: str
    deadline: str
    binding: str
    state: str
    index: int
    cause: str = ""
    requires: tuple[str, ...] = ()
    approvals: tuple[ApprovalView, ...] = ()


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """What happened at one target: promotion, suspension, fallback, resumption; newest last."""

    subject: str
    event: str
    state: str
    recorded_at: str
    index: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WindowView:
    """One monitoring window: how many columns moved past their own limits (`score`); `limit` "" where there is no
    limit of that number.
    """

    deployment: str
    recorded_at: str
    n: int
    score: str
    limit: str
    drifted: bool
    index: int


@dataclass(frozen=True, slots=True)
class EventView:
    """One entry of the ledger about this model, for the life-line; `tone` is good, bad or ""."""

    lane: str
    words: str
    recorded_at: str
    index: int
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ProofView:
    """What the dossier rests on: the verified ledger of `size` entries with the tree's `root` (base64), of which the
    newest signed checkpoint covers `checkpoint_size`, and the first and last of the `entries` behind this page.
    """

    origin: str
    log_id: str
    mode: str
    checkpoint_size: int
    root: str
    vkey: str
    entries: int
    first_index: int
    last_index: int
    size: int


@dataclass(frozen=True, slots=True)
class Command:
    """A command a reader may run, and what it shows."""

    what: str
    line: str


@dataclass(frozen=True, slots=True)
class DossierView:
    """All that the page shows. `as_of` is when the newest entry it rests on was recorded."""

    subject: str
    digest: str
    owner: str
    registered_at: str
    tier: str
    decides_on_people: bool
    confirmed: bool
    standing: str
    as_of: str
    run: RunView
    proof: ProofView
    datasets: tuple[DatasetView, ...] = ()
    thresholds: tuple[ThresholdView, ...] = ()
    evidence: tuple[EvidenceView, ...] = ()
    decisions: tuple[DecisionView, ...] = ()
    requests: tuple[RequestView, ...] = ()
    deployments: tuple[DeploymentView, ...] = ()
    windows: tuple[WindowView, ...] = ()
    events: tuple[EventView, ...] = ()
    verify: tuple[Command, ...] = ()
    makers: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report: its bytes and their digest, which the door that hands it out records."""

    content: bytes
    digest: str


def render_dossier(view: DossierView) -> Report:
    """The dossier as one HTML file without script, image, font or link to anything outside it."""
    content = render.page(
        TEMPLATE,
        {
            "view": view,
            "production": _latest(view, "production"),
            "fairness_chart": _fairness_chart,
            "metrics_chart": _metrics_chart,
            "windows_charts": _windows_charts(view),
            "life_line": _life_line(view),
            "annex": _annex(view),
        },
    )
    return Report(content, digest(content))


def _latest(view: DossierView, gate: str) -> DecisionView | None:
    return max((one for one in view.decisions if one.gate == gate), key=lambda one: one.index, default=None)


def _fairness_chart(fairness: FairnessView) -> str:
    bars = [charts.Bar(group.name, group.value, f"n = {group.n}") for group in fairness.groups]
    return charts.group_bars(f"{fairness.measure} by {fairness.attribute}", bars, fairness.limit)


def _metrics_chart(evidence: EvidenceView) -> str:
    """Only metrics that run from 0 to 1 stand on that axis; the table has them all."""
    shown = [one for one in evidence.metrics if _is_share(one.value)]
    bars = [(charts.Bar(one.name, one.value), one.bound, one.limit) for one in shown]
    return charts.metric_bars(f"{evidence.kind}, measured against thresholds", bars) if bars else ""


def _is_share(value: str) -> bool:
    rate = charts.number(value)
    return rate is not None and 0 <= rate <= 1


def _windows_charts(view: DossierView) -> tuple[tuple[str, str], ...]:
    names = sorted({window.deployment for window in view.windows})
    return tuple((name, _windows_chart([one for one in view.windows if one.deployment == name])) for name in names)


def _windows_chart(shown: list[WindowView]) -> str:
    bars = [charts.Bar(window.recorded_at, window.score, f"n = {window.n}") for window in shown]
    return charts.windows("Drift per monitoring window", bars, shown[-1].limit, [one.drifted for one in shown])


def _life_line(view: DossierView) -> str:
    marks = [charts.Mark(event.lane, event.words, event.tone) for event in view.events]
    return charts.life_line("Life of the model, in the order of the ledger", LANES, marks) if marks else ""


def _annex(view: DossierView) -> tuple[tuple[str, str], ...]:
    """Every digest the page shortens, in full: (what it is of, digest), each pair once."""
    pairs = [(view.subject, view.digest), (f"{view.run.subject} environment", view.run.environment)]
    pairs += [(one.subject, one.digest) for one in view.datasets]
    for evidence in view.evidence:
        pairs.append((f"evidence {evidence.kind}, entry {evidence.index}", evidence.content))
        pairs.append((f"data measured for {evidence.kind}, entry {evidence.index}", evidence.data_digest))
    for decision in view.decisions:
        pairs.append((f"decision {decision.id}", decision.document))
        pairs.append((f"policy bundle of decision {decision.id}", decision.bundle))
    pairs += [(f"binding of {one.subject}", one.binding) for one in view.requests]
    return tuple(dict.fromkeys(pair for pair in pairs if pair[1]))
