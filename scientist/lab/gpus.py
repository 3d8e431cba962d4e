"""What a graphics processor needs to be seen in a sandbox: its nodes and where they are described.

The driver's libraries lie below /usr with the others. Nothing of this is shown unless asked for.
"""

from __future__ import annotations

from pathlib import Path

DEVICES = Path("/dev")
NODES = ("nvidia*", "nvidia-caps/*", "dri/*", "kfd", "dxg")
FACTS = (
    *("/sys/bus/pci", "/sys/devices", "/sys/class/drm", "/sys/class/kfd"),
    *("/sys/module/nvidia", "/sys/module/nvidia_uvm", "/sys/module/amdgpu"),
)
DRIVER = "/proc/driver/nvidia"


def nodes() -> list[str]:
    """The device nodes of this machine's graphics processors."""
    found = (path for pattern in NODES for path in DEVICES.glob(pattern))
    return sorted(str(path) for path in found if path.is_char_device())


def facts() -> list[str]:
    """The folders in which the kernel describes them."""
    return [path for path in FACTS if Path(path).is_dir()]
