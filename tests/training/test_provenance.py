"""Machines: GPUs when NVML shows some, "no GPU seen" as a fact otherwise."""

from __future__ import annotations

from types import SimpleNamespace

from adapters.training.provenance import read_machine
from ledger.canonical import encode


class NVMLError(Exception):
    """What NVML raises."""


class Nvml:
    """NVML with two GPUs, or without a driver; older versions answer in bytes."""

    NVMLError = NVMLError

    def __init__(self, *, driver: bool = True) -> None:
        self.driver = driver

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's own name
        if not self.driver:
            raise NVMLError

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802
        return b"570.1"

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return "H100"

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        return f"GPU-{handle}"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=80 << 30)


def test_gpus_are_listed_one_by_one() -> None:
    """Name, UUID, driver, memory, as strings."""
    document = read_machine(Nvml()).document()
    assert document["gpu"] == "2 seen"
    assert document["gpus"][1] == {"name": "H100", "uuid": "GPU-1", "driver": "570.1", "memory_bytes": str(80 << 30)}
    assert encode(document)


def test_no_driver_is_a_fact() -> None:
    """Recorded in words, not left out."""
    document = read_machine(Nvml(driver=False)).document()
    assert (document["gpu"], document["gpus"]) == ("no GPU seen", [])


def test_the_machine_is_described() -> None:
    """Cores and memory as integers; nothing is empty on a machine that runs tests."""
    machine = read_machine()
    assert machine.cores >= 1
    assert machine.memory_bytes > 1 << 20
    assert machine.system
    assert machine.architecture
    assert machine.cpu
