"""The catalogue of controls: severity, titles and citations, joined to what Rego found.

A finding that does not fit the catalogue (unknown control, wrong kind or type, unknown role) is a fault of the policy,
never ignored: an ignored finding would be an allowance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from governance.bundle import Bundle
from governance.document import exactly, items, text, texts
from governance.errors import InputError, PolicyFault
from governance.finding import Citation, Finding, FindingKind, Severity, Slots, order

MAX_FINDINGS: Final = 1_000
MAX_TEXT: Final = 2_000
_STATUSES: Final = ("in_force", "in_force_unenforced", "soft_law", "guidance", "pending", "superseded")
_VERIFICATIONS: Final = ("sourced", "memory", "verify")
_TEXTS: Final = ("control", "kind", "field", "value", "limit", "evidence", "next", "passes", "detail")
_HINT: Final = "mend the policy bundle; `qayd policy test` names the control"
_Listed = TypeVar("_Listed", bound=str)


@dataclass(frozen=True, slots=True)
class Control:
    """One row of the catalogue."""

    id: str
    control: str
    severity: Severity
    gates: frozenset[str]
    title: str
    title_ar: str
    requirement: str
    citations: tuple[Citation, ...]
    waivable_by: tuple[str, ...]

    @classmethod
    def parse(cls, value: object) -> Control:
        """Read one row of YAML; raises PolicyFault naming the row."""
        name = value.get("control", "?") if isinstance(value, dict) else "?"
        where = f"catalogue row {name}"
        try:
            row = exactly(value, _ROW, where)
            title = exactly(row["title"], frozenset({"en", "ar"}), f"{where}.title")
            if not isinstance(row["parameters"], dict | list):
                raise InputError(f"{where}.parameters is neither an object nor a list")
            return cls(
                id=text(row, "id", where),
                control=text(row, "control", where),
                severity=_one_of(text(row, "severity", where), tuple(Severity), f"{where}.severity"),
                gates=frozenset(texts(row, "gates", where)),
                title=text(title, "en", where),
                title_ar=text(title, "ar", where),
                requirement=text(row, "requirement", where),
                citations=tuple(_citation(item, where) for item in items(row, "citations", where)),
                waivable_by=texts(row, "waivable_by", where),
            )
        except InputError as error:
            raise PolicyFault(error.message, _HINT) from error


_ROW: Final = frozenset(
    {"id", "control", "severity", "gates", "title", "requirement", "citations", "waivable_by", "parameters"}
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All controls by name, and the roles the bundle knows."""

    controls: Mapping[str, Control]
    roles: frozenset[str]

    @classmethod
    def of(cls, bundle: Bundle) -> Catalogue:
        """The catalogue of a bundle. Raises PolicyFault: malformed row, double control, or a control of a gate
        that has no row or whose row does not name that gate.
        """
        controls: dict[str, Control] = {}
        for row in _rows(bundle.catalogue.values()):
            control = Control.parse(row)
            if control.control in controls:
                raise PolicyFault(f"the catalogue has the control {control.control} twice", _HINT)
            controls[control.control] = control
        for gate, names in bundle.gates.items():
            for name in names:
                if name not in controls or gate not in controls[name].gates:
                    raise PolicyFault(f"the catalogue has no control {name} for the gate {gate}", _HINT)
        return cls(controls, frozenset(_roles(bundle.data)))

    def join(self, gate: str, raw: Iterable[object]) -> tuple[Finding, ...]:
        """The findings of one evaluation, in their fixed order, without repetitions. Raises PolicyFault."""
        found = [self.finding(gate, item) for item in raw]
        if len(found) > MAX_FINDINGS:
            raise PolicyFault(f"the policy gave {len(found)} findings, at most {MAX_FINDINGS} are taken", _HINT)
        return tuple(dict.fromkeys(order(found)))

    def finding(self, gate: str, raw: object) -> Finding:
        """One finding as Rego wrote it, with what the catalogue knows of its control. Raises PolicyFault.

        Only a control of severity M may name people in `requires`, and one that is violated must.
        """
        if not isinstance(raw, dict):
            raise PolicyFault("the policy gave a finding that is not an object", _HINT)
        control = self.controls.get(str(raw.get("control")))
        if control is None or gate not in control.gates:
            raise PolicyFault(f"the policy gave a finding of a control that is not one of the gate {gate}", _HINT)
        where = f"finding of {control.control}"
        try:
            exactly(raw, frozenset(_TEXTS) | ({"requires"} & raw.keys()), where)
            plain = {name: text(raw, name, where) for name in _TEXTS}
            kind = _one_of(plain.pop("kind"), tuple(FindingKind), f"{where}.kind")
            requires = self._requires(control, kind, raw.get("requires", []))
        except InputError as error:
            raise PolicyFault(error.message, _HINT) from error
        if any(len(value) > MAX_TEXT for value in plain.values()):
            raise PolicyFault(f"{where} has a text of more than {MAX_TEXT} characters", _HINT)
        return Finding(
            **plain,
            kind=kind,
            severity=control.severity,
            requires=requires,
            title=control.title,
            title_ar=control.title_ar,
            citations=control.citations,
            waivable_by=control.waivable_by,
        )

    def _requires(self, control: Control, kind: FindingKind, value: object) -> tuple[Slots, ...]:
        where = f"finding of {control.control}"
        if not isinstance(value, list):
            raise InputError(f"{where}.requires is not a list")
        requires = tuple(Slots.parse(item) for item in value)
        roles = [slots.role for slots in requires]
        unknown = sorted(set(roles) - self.roles)
        if unknown or len(set(roles)) != len(roles):
            raise InputError(f"{where} asks for an unknown role, or for one twice: {', '.join(unknown or roles)}")
        if requires and control.severity is not Severity.MEDIUM:
            raise InputError(f"{where} asks for people, but its severity is {control.severity}")
        if not requires and control.severity is Severity.MEDIUM and kind is FindingKind.VIOLATED:
            raise InputError(f"{where} is to be approved, but asks for nobody")
        return requires


def _rows(files: Iterable[object]) -> Iterator[object]:
    for file in files:
        rows = file.get("controls") if isinstance(file, dict) and "controls" in file else file
        yield from rows if isinstance(rows, list) else [rows]


def _citation(value: object, where: str) -> Citation:
    citation = Citation.parse(value)
    _one_of(citation.status, _STATUSES, f"{where}.citations.status")
    _one_of(citation.verification, _VERIFICATIONS, f"{where}.citations.verification")
    return citation


def _one_of(value: str, known: tuple[_Listed, ...], where: str) -> _Listed:
    for item in known:
        if item == value:
            return item
    raise InputError(f"{where} is none of {', '.join(known)}")


def _roles(value: Any) -> Iterator[str]:
    """Every role that any approval matrix in the bundle's data names, as `{role, count}`."""
    if isinstance(value, dict):
        if value.keys() == {"role", "count"} and isinstance(value["role"], str):
            yield value["role"]
        for item in value.values():
            yield from _roles(item)
    elif isinstance(value, list):
        for item in value:
            yield from _roles(item)
