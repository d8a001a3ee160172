"""The bundle on disk: read strictly, and consistent in itself."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from adapters.policy import bundle as reading
from adapters.policy.bundle import default_directory, load_bundle
from governance.bundle import Bundle
from governance.catalogue import Catalogue
from governance.errors import PolicyFault
from governance.gate_input import GATES
from tests.policies.inputs import small

DIRECTORY = default_directory()
CONTROLS = sorted(path for path in (DIRECTORY / "controls").iterdir() if path.is_dir())


def metadata(folder: Path) -> dict[str, Any]:
    """The METADATA block at the head of a control's package."""
    text = (folder / f"{folder.name}.rego").read_text(encoding="utf-8")
    comment = text.partition("# METADATA\n")[2].partition("\npackage ")[0]
    block: dict[str, Any] = yaml.safe_load("\n".join(line.removeprefix("#")[1:] for line in comment.splitlines()))
    return block


@pytest.mark.parametrize("folder", CONTROLS, ids=lambda folder: folder.name)
def test_a_control_is_one_package_with_its_metadata_and_tests(folder: Path, bundle: Bundle) -> None:
    """Folder, package, METADATA, constant, tests, table of packages and catalogue say the same."""
    said = metadata(folder)
    text = (folder / f"{folder.name}.rego").read_text(encoding="utf-8")
    row = Catalogue.of(bundle).controls[said["custom"]["control_id"]]
    assert sorted(path.name for path in folder.iterdir()) == [f"{folder.name}.rego", f"{folder.name}_test.rego"]
    assert f"\npackage qayd.controls.{folder.name}\n" in text
    assert f'\ncontrol := "{row.control}"\n' in text
    assert (folder / f"{folder.name}_test.rego").read_text().count("\ntest_") >= 4
    assert said["custom"]["severity"] == row.severity
    assert said["title"] == row.title
    assert said["description"] and said["related_resources"]
    assert bundle.data["packages"][row.control] == folder.name


def test_gates_packages_and_catalogue_name_the_same_controls(bundle: Bundle) -> None:
    """Every control of a gate has a row and a package, every row and package stands at a gate; gates agree."""
    at_gates = {control for controls in bundle.gates.values() for control in controls}
    rows = Catalogue.of(bundle).controls
    assert at_gates == set(rows) == set(bundle.data["packages"])
    for control, row in rows.items():
        assert row.gates == {gate for gate, controls in bundle.gates.items() if control in controls}
    assert set(bundle.gates) == set(GATES)
    assert set(bundle.data["packages"].values()) == {folder.name for folder in CONTROLS}


@pytest.mark.parametrize("path", sorted((DIRECTORY / "catalogue").glob("*.yaml")), ids=lambda path: path.name)
def test_the_catalogue_fits_its_schema(path: Path) -> None:
    """Both languages, statuses and verification states of each citation, and who may waive H and nobody else."""
    schema = json.loads((DIRECTORY / "catalogue" / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert all(row["id"] == f"{path.stem}/{row['control']}" for row in document["controls"])


def test_only_a_text_in_force_and_read_makes_a_control_law(bundle: Bundle) -> None:
    """Standards nobody read and acts not yet in force are cited, and the control then acts as house policy."""
    law = {control for control, row in Catalogue.of(bundle).controls.items() if any(c.binds for c in row.citations)}
    assert law == {"PDPL-04", "PDPL-07a", "RES-UAE", "CB-AI-F", "CB-MMS"}


def reads(text: str) -> set[str]:
    """The parts of data.json that a control's text makes it depend on, by itself and through the libraries."""
    direct = set(re.findall(r"data\.qayd\.((?:params|residency|approvals)[\w.]*)", text))
    looked_up = {".".join(["params", *re.findall(r"\w+", path)]) for path in re.findall(r"parameter\(\[(.+?)\]", text)}
    aged = {f"params.freshness_days.{kind}" for kind in re.findall(r'evidence\.gaps\(control, "(\w+)"\)', text)}
    asked = {"approvals"} if "approvals." in text else set()
    freed = {"params.non_personal"} if "datasets.claims_no_person" in text else set()
    return direct | looked_up | aged | asked | freed


@pytest.mark.parametrize("folder", CONTROLS, ids=lambda folder: folder.name)
def test_a_row_names_the_parameters_its_control_reads(folder: Path, bundle: Bundle) -> None:
    """A row's parameters are what the effective policy, and so each binding, hangs on: none may be left out."""
    rows = {row["control"]: row for file in bundle.catalogue.values() for row in file["controls"]}
    control = metadata(folder)["custom"]["control_id"]
    named = rows[control]["parameters"]
    read = reads((folder / f"{folder.name}.rego").read_text(encoding="utf-8"))
    assert {path for path in read if not any(path == name or path.startswith(f"{name}.") for name in named)} == set()
    assert [name for name in named if not any(path == name or path.startswith(f"{name}.") for path in read)] == []


def test_the_matrix_asks_for_more_the_higher_the_tier(bundle: Bundle) -> None:
    """Counting an unknown tier as high is the strictest only if nobody is asked less there."""
    low, medium, high = (
        {slot.role: slot.count for slot in bundle.approvals("production", tier)} for tier in ("low", "medium", "high")
    )
    assert all(medium.get(role, 0) >= count for role, count in low.items())
    assert all(high.get(role, 0) >= count for role, count in medium.items())
    assert sum(high.values()) >= 2


def test_a_place_is_listed_once_and_only_the_uae_is_inside(bundle: Bundle) -> None:
    """(provider, realm, region) decides; the regions whose names mislead are where they are."""
    places = {(p["provider"], p["realm"], p["region"]): p for p in bundle.data["residency"]["places"]}
    assert len(places) == len(bundle.data["residency"]["places"])
    assert all((p["country"] == "AE") == (p["legal_zone"] != "abroad") for p in places.values())
    assert places["aws", "aws", "me-central-1"]["country"] == "AE"
    assert places["alibaba", "public", "me-central-1"]["country"] == "SA"
    assert places["gcp", "public", "me-central1"]["country"] == "QA"


def test_tests_are_no_part_of_the_bundle(bundle: Bundle) -> None:
    """What is digested and stored with each decision is what was evaluated."""
    assert not [path for path, _ in bundle.files if path.endswith("_test.rego")]
    assert {path.partition("/")[0] for path, _ in bundle.files} == {
        ".manifest",
        "data.json",
        "lib",
        "main",
        "controls",
        "catalogue",
    }


def write(directory: Path, bundle: Bundle) -> None:
    """A bundle as files."""
    for name, text in bundle.files:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")


def test_what_is_written_is_what_is_read(tmp_path: Path, bundle: Bundle) -> None:
    """Loading a copy gives the same bundle with the same digest; what does not belong is not in it."""
    write(tmp_path, bundle)
    (tmp_path / "notes.txt").write_text("not a policy")
    assert load_bundle(tmp_path) == bundle


def spoil_link(directory: Path) -> None:
    (directory / "lib" / "link.rego").symlink_to(directory / "main" / "main.rego")


def spoil_bytes(directory: Path) -> None:
    (directory / "lib" / "bytes.rego").write_bytes(b"package qayd.lib.bytes\n# \xff\n")


def spoil_data(directory: Path) -> None:
    (directory / "lib" / "data.yaml").write_text("qayd: {}\n")


def spoil_depth(directory: Path) -> None:
    (directory / "/".join("abcdefghij")).mkdir(parents=True)


def spoil_size(directory: Path) -> None:
    (directory / "lib" / "long.rego").write_text("#" * (reading.MAX_FILE_BYTES + 1))


def spoil_count(directory: Path) -> None:
    for number in range(reading.MAX_FILES + 1):
        (directory / "lib" / f"n{number}.rego").write_text("")


def spoil_manifest(directory: Path) -> None:
    (directory / ".manifest").write_text("{}")


def spoil_json(directory: Path) -> None:
    (directory / "data.json").write_text("{")


def spoil_catalogue(directory: Path) -> None:
    (directory / "catalogue").mkdir()
    (directory / "catalogue" / "x.yaml").write_text("a: [")


def spoil_all(directory: Path) -> None:
    (directory / "data.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_link, "is a link"),
        (spoil_bytes, "not UTF-8"),
        (spoil_data, "second data file"),
        (spoil_depth, "nested"),
        (spoil_size, "bytes"),
        (spoil_count, "more than"),
        (spoil_manifest, "revision"),
        (spoil_json, "not JSON"),
        (spoil_catalogue, "not YAML"),
        (spoil_all, "no data.json"),
    ],
)
def test_a_spoilt_bundle_is_refused(tmp_path: Path, bundle: Bundle, spoil: Any, message: str) -> None:
    """A link, other bytes, a second data file, too much of anything, or a part that cannot be read: named."""
    write(tmp_path, small(bundle, {}))
    spoil(tmp_path)
    with pytest.raises(PolicyFault, match=message):
        load_bundle(tmp_path)


def test_no_directory_is_refused(tmp_path: Path) -> None:
    """The message names it, the hint says what belongs there."""
    with pytest.raises(PolicyFault, match="nowhere is not a directory") as caught:
        load_bundle(tmp_path / "nowhere")
    assert "data.json" in caught.value.hint


def test_the_policies_are_formatted(opa_binary: Path) -> None:
    """`opa fmt` has nothing to change."""
    done = subprocess.run([opa_binary, "fmt", "--list", DIRECTORY], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_policies_pass_the_strict_check(opa_binary: Path) -> None:
    """`opa check --strict` has nothing to say: no unused import, no unsafe variable, no unknown function."""
    command = [opa_binary, "check", "--strict", "--bundle", DIRECTORY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


NEGATED = re.compile(r"^\s*not [\w.]+\((.*)\)$")
REFERENCE = re.compile(r"\b(?:input|data\.qayd)\.[\w.\[\]]+")


@pytest.mark.parametrize("path", sorted(DIRECTORY.rglob("*.rego")), ids=lambda path: path.name)
def test_no_call_that_may_be_undefined_is_negated(path: Path) -> None:
    """`not f(input.x)` says nothing in OPA where `input.x` is absent, and something in Regorus: never write it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    negated = [found.group(1) for line in lines if (found := NEGATED.match(line))]
    assert [arguments for arguments in negated if REFERENCE.search(arguments)] == []
