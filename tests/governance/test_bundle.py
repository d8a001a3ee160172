"""Bundles: strict files, and for each gate a digest of what it uses and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.bundle import MAX_FILES, Bundle
from governance.errors import PolicyFault
from governance.finding import Slots
from ledger.canonical import encode
from tests.bundles import APPROVALS, GATES, PARAMS, a_bundle, bundle_files, catalogue_rows

ROOT = Path(__file__).resolve().parent.parent.parent


def changed(path: str, text: str) -> Bundle:
    return Bundle.of(bundle_files() | {path: text})


def with_data(**changes: Any) -> Bundle:
    return Bundle.of(bundle_files(**{name: json.dumps(value) for name, value in changes.items()}))


@given(st.dictionaries(st.from_regex(r"lib/[a-z]{1,8}\.rego", fullmatch=True), st.text("ab\n", max_size=9), max_size=5))
def test_decode_reads_what_encode_writes(more: Mapping[str, str]) -> None:
    """A stored bundle is read back whole, and its digest is of all files."""
    bundle = Bundle.of(bundle_files() | dict(more))
    assert Bundle.decode(bundle.encode()) == bundle
    assert (bundle.digest == a_bundle().digest) == (bundle == a_bundle())


def test_tests_of_policies_are_no_part_of_a_bundle() -> None:
    """What tests a policy does not decide anything."""
    assert changed("controls/people/people_test.rego", "package x") == a_bundle()


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b"[1]", b'[{"path":"a"}]', encode([{"path": 1, "text": "x"}, {"path": 2, "text": "y"}])]
)
def test_bytes_that_are_no_bundle_are_refused(raw: bytes) -> None:
    """A stored bundle is what encode wrote."""
    with pytest.raises(PolicyFault):
        Bundle.decode(raw)


def test_a_stored_bundle_has_nothing_more_in_it() -> None:
    """Further members of a file are refused, though they would not be read."""
    files = [{"path": path, "text": text, "mode": 1} for path, text in a_bundle().files]
    with pytest.raises(PolicyFault, match="not a stored bundle"):
        Bundle.decode(encode(files))


TOO_MANY = tuple(sorted((path, "") for path in (".manifest", "data.json", *(f"f{n:04d}" for n in range(MAX_FILES)))))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ((("data.json", "{}"), (".manifest", "{}")), "not sorted"),
        (((".manifest", "{}"), (".manifest", "{}"), ("data.json", "{}")), "not sorted"),
        (((".manifest", "{}"),), "no data.json"),
        ((("data.json", "{}"),), "no .manifest"),
        (
            tuple(sorted([(".manifest", ""), ("data.json", "")] + [(f"f{n:04d}", "") for n in range(MAX_FILES)])),
            "more than",
        ),
        (((".manifest", "x" * (8 * 1024 * 1024)), ("data.json", "{}")), "more than"),
    ],
)
def test_files_out_of_order_missing_or_too_many_are_refused(files: Any, words: str) -> None:
    """Sorted, unique, with manifest and data, within limits."""
    with pytest.raises(PolicyFault, match=words):
        Bundle(files)


def test_revision_data_gates_and_params_are_read() -> None:
    """The manifest names the revision; data.json names gates, parameters and the approval matrix."""
    bundle = a_bundle()
    assert bundle.revision == "test-1" and bundle.params == PARAMS
    assert bundle.gates["production"] == tuple(sorted(GATES["production"]))
    assert bundle.approvals("production", "high") == (Slots("risk-officer", 1), Slots("validator", 1))
    assert bundle.approvals("production", "none") == bundle.approvals("train", "high") == ()
    assert [row["control"] for row in bundle.catalogue["test"]["controls"]] == [
        row["control"] for row in catalogue_rows()
    ]


@pytest.mark.parametrize(
    ("path", "text", "what", "words"),
    [
        (".manifest", "{", "revision", "not JSON"),
        (".manifest", "[]", "revision", "not an object"),
        (".manifest", "{}", "revision", "no revision"),
        (".manifest", '{"revision": 3}', "revision", "no revision"),
        ("data.json", "[" * 100_000, "data", "not JSON"),
        ("data.json", "{}", "data", "no object qayd"),
        ("data.json", '{"qayd": []}', "gates", "no object qayd"),
        ("data.json", '{"qayd": {}}', "gates", "does not map"),
        ("data.json", '{"qayd": {"gates": {"train": "C-1"}}}', "gates", "does not map"),
        ("data.json", '{"qayd": {"gates": {"train": [1]}}}', "gates", "does not map"),
        ("data.json", '{"qayd": {"params": 1}}', "params", "no object qayd.params"),
        ("catalogue/bad.yaml", "a: [", "catalogue", "not YAML"),
        ("catalogue/bad.yaml", "!!python/object:os.system {}", "catalogue", "not YAML"),
    ],
)
def test_malformed_files_are_policy_faults(path: str, text: str, what: str, words: str) -> None:
    """What cannot be read is a fault of the policy, named by its file."""
    with pytest.raises(PolicyFault, match=words):
        getattr(changed(path, text), what)


@pytest.mark.parametrize(
    "matrix",
    [
        [],
        {"production": []},
        {"production": {"high": 3}},
        {"production": {"high": ["risk-officer"]}},
        {"production": {"high": [{"role": "x", "count": 0}]}},
        {"production": {"high": [{"role": "x"}]}},
    ],
)
def test_a_malformed_approval_matrix_never_means_nobody(matrix: Any) -> None:
    """An unreadable matrix is a fault; it does not let a model through without people."""
    with pytest.raises(PolicyFault, match="malformed approval matrix"):
        with_data(approvals=matrix).approvals("production", "high")


def _rows(control: str, **changes: Any) -> str:
    return json.dumps({"controls": [row | changes if row["control"] == control else row for row in catalogue_rows()]})


MATRIX = {**APPROVALS, "register": {"high": [{"role": "x", "count": 1}]}}


@pytest.mark.parametrize(
    ("bundle", "moved"),
    [
        (changed("controls/critical/critical.rego", "package other"), set(GATES)),
        (changed("controls/people/people.rego", "package other"), {"production"}),
        (changed("controls/people/more.rego", "package other"), {"production"}),
        (changed("controls/high/high.rego", "package other"), {"train", "production", "in_production"}),
        (changed("lib/finding.rego", "package other"), set(GATES)),
        (changed("lib/new.rego", "package new"), set(GATES)),
        (changed("main/main.rego", "package other"), set(GATES)),
        (changed("controls/unused/unused.rego", "package unused"), set()),
        (changed("README.md", "words"), set()),
        (changed(".manifest", '{"revision": "test-2"}'), set()),
        (with_data(params=PARAMS | {"parity_difference_limit": "0.2"}), set(GATES)),
        (with_data(approvals=MATRIX), set()),
        (with_data(approvals={"production": {}}), {"production"}),
        (with_data(gates=GATES | {"train": ["C-1"]}), {"train"}),
        (changed("catalogue/test.yaml", _rows("M-1", severity="H")), {"production"}),
        (changed("catalogue/test.yaml", _rows("M-1", requirement="Other words.")), set()),
        (changed("catalogue/test.yaml", _rows("M-1", parameters=["approvals", "params.drift"])), {"production"}),
    ],
)
def test_only_what_a_gate_uses_changes_its_effective_policy(bundle: Bundle, moved: set[str]) -> None:
    """A gate's controls, libraries, severities and parameters are bound; other gates', and words, are not."""
    before = a_bundle()
    assert {gate for gate in GATES if bundle.effective(gate) != before.effective(gate)} == moved
    assert bundle.digest != before.digest


def test_a_control_binds_only_the_parameters_it_names() -> None:
    """A parameter no row of the gate names leaves it alone; a row that names none binds them all."""
    rows = [row | {"parameters": ["params.drift"]} for row in catalogue_rows()]
    narrow = {"catalogue/test.yaml": json.dumps({"controls": rows})}
    fewer = PARAMS | {"parity_difference_limit": "0.2"}
    drift = PARAMS | {"drift": {"k": 9, "n": 9}}

    def of(params: Any, catalogue: Mapping[str, str]) -> str:
        return Bundle.of(bundle_files(params=json.dumps(params)) | dict(catalogue)).effective("train")

    assert of(PARAMS, narrow) == of(fewer, narrow) != of(drift, narrow)
    silent = {"catalogue/test.yaml": "[]"}
    assert len({of(params, silent) for params in (PARAMS, fewer, drift)}) == 3
    deep = {"catalogue/test.yaml": json.dumps({"controls": [r | {"parameters": ["params.drift.k.x"]} for r in rows]})}
    assert of(PARAMS, deep) == of(drift, deep)


def test_gates_and_controls_the_bundle_lacks_are_faults() -> None:
    """There is no effective policy of nothing."""
    with pytest.raises(PolicyFault, match="no gate lunch"):
        a_bundle().effective("lunch")
    with pytest.raises(PolicyFault, match="belongs to the control X-1"):
        with_data(gates={"train": ["X-1"]}).effective("train")


def test_the_bundle_of_this_repository_is_one() -> None:
    """The policies that are shipped have a revision, gates, parameters and an effective digest for every gate."""
    policies = ROOT / "policies"
    files = {
        str(path.relative_to(policies)): path.read_text("utf-8")
        for path in policies.rglob("*")
        if path.is_file() and (path.suffix in (".rego", ".yaml", ".json") or path.name == ".manifest")
    }
    bundle = Bundle.of(files)
    assert bundle.revision and bundle.params["parity_difference_limit"]
    assert len({bundle.effective(gate) for gate in bundle.gates}) == len(GATES)
    assert bundle.approvals("production", "high")
