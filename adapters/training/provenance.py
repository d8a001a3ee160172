"""What a run is made of, as far as can be seen from outside it: code, environment, machine.

Nothing here names the machine or the person (no host name, no user name). What could not be seen is recorded as a fact
(`none`, `no GPU seen`), never left out.
"""

from __future__ import annotations

import importlib
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adapters.training.artifacts import digest_plain
from adapters.training.environment import Environment
from adapters.training.quiet import output_of
from governance.errors import ToolFault
from ledger.canonical import digest

NONE: Final = "none"
NO_GPU: Final = "no GPU seen"

_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=true")
_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--binary", "HEAD")


@dataclass(frozen=True, slots=True)
class Code:
    """The script and the state of its git repository; each `none` where there is none.

    `dirty` when tracked files differ from the revision, or the script is not tracked; `diff` digests that difference.
    """

    revision: str
    dirty: bool
    diff: str
    script: str

    def document(self) -> dict[str, Any]:
        """The canonical object."""
        return {"revision": self.revision, "dirty": self.dirty, "diff": self.diff, "script": self.script}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it ran: `memory_bytes` is 0 when unknown; `gpus` are objects of strings, empty when none was seen."""

    system: str
    release: str
    architecture: str
    cpu: str
    cores: int
    memory_bytes: int
    gpus: tuple[dict[str, str], ...]

    def document(self) -> dict[str, Any]:
        """The canonical object; `gpu` says in words whether there was one."""
        return {
            "system": self.system,
            "release": self.release,
            "architecture": self.architecture,
            "cpu": self.cpu,
            "cores": self.cores,
            "memory_bytes": self.memory_bytes,
            "gpu": f"{len(self.gpus)} seen" if self.gpus else NO_GPU,
            "gpus": [dict(gpu) for gpu in self.gpus],
        }


@dataclass(frozen=True, slots=True)
class Provenance:
    """All that was seen before the run started."""

    code: Code
    environment: Environment
    machine: Machine


def read_code(script: Path | None, directory: Path, environment: Mapping[str, str]) -> Code:
    """The script's digest and its repository's revision, with whatever is not committed."""
    place = script.parent if script else directory
    script_digest = digest_plain(script.resolve())[0] if script else NONE
    found = _git(place, environment, "rev-parse", "--verify", "HEAD")
    difference = _git(place, environment, *_DIFF) if found else None
    if not found or difference is None:
        return Code(NONE, False, NONE, script_digest)
    tracked = script is None or _git(place, environment, "ls-files", "--error-unmatch", "--", script.name) is not None
    dirty = bool(difference) or not tracked
    return Code(found.decode("ascii").strip(), dirty, digest(difference) if difference else NONE, script_digest)


def read_machine(nvml: Any | None = None) -> Machine:
    """This machine. `nvml` is a module with pynvml's interface; without one, pynvml is used if it is installed."""
    return Machine(
        system=platform.system(),
        release=platform.release(),
        architecture=platform.machine(),
        cpu=_cpu(),
        cores=_cores(),
        memory_bytes=_memory(),
        gpus=read_gpus(nvml if nvml is not None else _pynvml()),
    )


def read_gpus(nvml: Any | None) -> tuple[dict[str, str], ...]:
    """Name, UUID, driver and memory of each GPU that NVML shows; empty without a driver."""
    if nvml is None:
        return ()
    try:
        nvml.nvmlInit()
        driver = _text(nvml.nvmlSystemGetDriverVersion())
        return tuple(_gpu(nvml, index, driver) for index in range(nvml.nvmlDeviceGetCount()))
    except nvml.NVMLError:
        return ()


def _gpu(nvml: Any, index: int, driver: str) -> dict[str, str]:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    return {
        "name": _text(nvml.nvmlDeviceGetName(handle)),
        "uuid": _text(nvml.nvmlDeviceGetUUID(handle)),
        "driver": driver,
        "memory_bytes": str(nvml.nvmlDeviceGetMemoryInfo(handle).total),
    }


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _pynvml() -> Any | None:
    try:
        return importlib.import_module("pynvml")
    except ImportError:
        return None


def _git(directory: Path, environment: Mapping[str, str], *words: str) -> bytes | None:
    """What git says, or None when there is no git, no repository, or no such thing in it."""
    clean = {key: value for key, value in environment.items() if not key.startswith("GIT_")}
    argv: Sequence[str] = (*_GIT, *words)
    try:
        return output_of(argv, directory, clean)
    except ToolFault:
        return None


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()[:255]
    except OSError:
        pass
    return platform.processor() or "unknown"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return 0
