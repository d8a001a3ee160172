"""A policy bundle as a value: its files, its digest, and for each gate the digest of just what that gate uses.

The layout is OPA's, with a control catalogue beside it:

    .manifest                       {"revision": "...", "roots": ["qayd"]}
    data.json                       {"qayd": {"gates": {gate: [control ids]}, "packages": {control id: folder},
                                     "approvals": {gate: ...}, "params": {...}, ...}}
    lib/, main/ (*.rego)            libraries, and the entry point of the gates
    controls/<folder>/*.rego        one control each, package qayd.controls.<folder>
    catalogue/*.yaml                severity, title and citations of each control

Tests of policies (`*_test.rego`) are no part of a bundle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import yaml

from governance.errors import InputError, PolicyFault
from governance.finding import Slots
from ledger.canonical import DOCUMENT_BYTES, decode, digest, digest_of, encode
from ledger.errors import Refused

MAX_FILES: Final = 512
MAX_BYTES: Final = 8 * 1024 * 1024
MANIFEST: Final = ".manifest"
DATA: Final = "data.json"
_HINT: Final = "restore the policies directory, or point --policies at a whole bundle"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Paths inside the bundle with the text of each file, sorted by path."""

    files: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        paths = [path for path, _ in self.files]
        if paths != sorted(set(paths)):
            raise PolicyFault("the bundle's files are not sorted, or one is there twice", _HINT)
        if len(paths) > MAX_FILES or sum(len(content) for _, content in self.files) > MAX_BYTES:
            raise PolicyFault(f"the bundle has more than {MAX_FILES} files or {MAX_BYTES} characters", _HINT)
        for path in (MANIFEST, DATA):
            if path not in paths:
                raise PolicyFault(f"the bundle has no {path}", _HINT)

    @classmethod
    def of(cls, files: Mapping[str, str]) -> Bundle:
        """The bundle of these files; tests of policies are left out. Raises PolicyFault."""
        return cls(tuple(sorted((path, text) for path, text in files.items() if not path.endswith("_test.rego"))))

    def encode(self) -> bytes:
        """The canonical bytes kept as a blob for replay; `decode` is its twin."""
        return encode([{"path": path, "text": text} for path, text in self.files])

    @classmethod
    def decode(cls, raw: bytes) -> Bundle:
        """Read what `encode` wrote; raises PolicyFault."""
        try:
            value = decode(raw, max_bytes=DOCUMENT_BYTES)
            files = tuple((item["path"], item["text"]) for item in value)
        except (Refused, TypeError, KeyError) as error:
            raise PolicyFault("these bytes are not a stored bundle", _HINT) from error
        bundle = cls(files)
        if bundle.encode() != raw:
            raise PolicyFault("these bytes are not a stored bundle", _HINT)
        return bundle

    @property
    def digest(self) -> str:
        """The digest over all files, sorted by path."""
        return digest(self.encode())

    @property
    def revision(self) -> str:
        """The revision `.manifest` names; raises PolicyFault."""
        revision = self._object(MANIFEST).get("revision")
        if not isinstance(revision, str) or not revision:
            raise PolicyFault(f"{MANIFEST} names no revision", _HINT)
        return revision

    @property
    def data(self) -> dict[str, Any]:
        """Everything under `qayd` in data.json, to be read only; raises PolicyFault."""
        data = self._object(DATA).get("qayd")
        if not isinstance(data, dict):
            raise PolicyFault(f"{DATA} has no object qayd", _HINT)
        return data

    @property
    def gates(self) -> dict[str, tuple[str, ...]]:
        """Each gate with the ids of its controls, sorted; raises PolicyFault."""
        gates = self.data.get("gates")
        if not isinstance(gates, dict) or not all(_strings(controls) for controls in gates.values()):
            raise PolicyFault(f"{DATA} does not map each gate to a list of controls", _HINT)
        return {gate: tuple(sorted(controls)) for gate, controls in gates.items()}

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of controls; raises PolicyFault."""
        params = self.data.get("params")
        if not isinstance(params, dict):
            raise PolicyFault(f"{DATA} has no object qayd.params", _HINT)
        return params

    def approvals(self, gate: str, tier: str) -> tuple[Slots, ...]:
        """The people `gate` asks for, for a model of `tier`; empty where it asks for nobody. Raises PolicyFault."""
        try:
            named = self.data.get("approvals", {}).get(gate, {}).get(tier, [])
            return tuple(sorted(Slots.parse(item) for item in named))
        except (AttributeError, TypeError, InputError) as error:
            raise PolicyFault(f"{DATA} has a malformed approval matrix for {gate}", _HINT) from error

    @property
    def catalogue(self) -> dict[str, Any]:
        """Each file under catalogue/ by its name without `.yaml`, parsed; raises PolicyFault."""
        found: dict[str, Any] = {}
        for path, content in self.files:
            if path.startswith("catalogue/") and path.endswith(".yaml"):
                try:
                    found[path.removeprefix("catalogue/").removesuffix(".yaml")] = _yaml(content)
                except yaml.YAMLError as error:
                    raise PolicyFault(f"{path} is not YAML", _HINT) from error
        return found

    def effective(self, gate: str) -> str:
        """The digest of what `gate` uses: its controls with severity and parameters, all libraries and entry points.

        A change to a control, a parameter or an approval matrix that only other gates use leaves it as it is. Raises
        PolicyFault for a gate the bundle does not have, or a control without files.
        """
        controls = self.gates.get(gate)
        if controls is None:
            raise PolicyFault(f"the bundle has no gate {gate}", f"its gates: {', '.join(sorted(self.gates))}")
        folders = tuple(self._folder(control) for control in controls)
        rows = self._rows()
        used = [(control, rows.get(control, {})) for control in controls]
        files = [
            {"path": path, "digest": digest(content.encode("utf-8"))}
            for path, content in self.files
            if path.endswith(".rego") and (path.startswith(folders) or not path.startswith("controls/"))
        ]
        return digest_of(
            {
                "v": "qayd/effective-policy/v1",
                "gate": gate,
                "controls": [{"control": control, "severity": str(row.get("severity"))} for control, row in used],
                "files": files,
                "parameters": digest(_dump(self._parameters(gate, used))),
            }
        )

    def _rows(self) -> dict[str, dict[str, Any]]:
        """The rows of the catalogue by control."""
        files = [file for file in self.catalogue.values() if isinstance(file, dict)]
        lists = [file["controls"] for file in files if isinstance(file.get("controls"), list)]
        return {str(row.get("control")): row for rows in lists for row in rows if isinstance(row, dict)}

    def _parameters(self, gate: str, used: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        """What the rows name under `parameters`, by dotted path; for a control whose row names none, everything."""
        data = {**self.data, "approvals": self.data.get("approvals", {}).get(gate)}
        found: dict[str, Any] = {}
        for _, row in used:
            named = row.get("parameters")
            everything = [key for key in data if key not in ("gates", "packages")]
            for path in named if isinstance(named, list) else everything:
                value: Any = data
                for step in str(path).split("."):
                    value = value.get(step) if isinstance(value, dict) else None
                found[str(path)] = value
        return found

    def _folder(self, control: str) -> str:
        folder = f"controls/{self.data.get('packages', {}).get(control)}/"
        if not any(path.startswith(folder) and path.endswith(".rego") for path, _ in self.files):
            raise PolicyFault(f"no file under controls/ belongs to the control {control}", _HINT)
        return folder

    def _object(self, path: str) -> dict[str, Any]:
        try:
            value = _json(dict(self.files)[path])
        except (json.JSONDecodeError, RecursionError) as error:
            raise PolicyFault(f"the bundle's {path} is not JSON", _HINT) from error
        if not isinstance(value, dict):
            raise PolicyFault(f"the bundle's {path} is not an object", _HINT)
        return value


# Parsing is slow and texts repeat, so what they hold is remembered; nobody changes it.
@lru_cache(maxsize=64)
def _json(content: str) -> Any:
    return json.loads(content)


@lru_cache(maxsize=64)
def _yaml(content: str) -> Any:
    return yaml.safe_load(content)


def _dump(value: object) -> bytes:
    """Sorted JSON of parameters; they may hold decimals and free keys, which canonical documents may not."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
