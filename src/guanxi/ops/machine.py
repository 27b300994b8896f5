"""What the machine has to give, and the PostgreSQL settings that fit it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

MB = 1024 * 1024

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory() -> int:
    """Bytes of memory this process may count on: the machine's, or less where a container says so."""
    import psutil

    total = int(psutil.virtual_memory().total)
    for name in _CGROUP_LIMITS:
        try:
            limit = int(Path(name).read_text())
        except (OSError, ValueError):  # no such file, or the word "max"
            continue
        total = min(total, limit)
    return total


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _shared_memory_is_small() -> bool:
    """True where /dev/shm is the 64 MB of a plain container, on which parallel queries would run aground."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return shutil.disk_usage("/dev/shm").free < 256 * MB  # noqa: S108
    except OSError:
        return True


def database_settings(data: Path) -> Mapping[str, str]:
    """PostgreSQL settings for an embedded server that shares its machine with the program and with a person."""
    total = memory() // MB
    free = shutil.disk_usage(data).free // MB
    settings = {
        # Memory. An eighth, not the usual quarter: the program, its workers and the person's desktop live here too.
        "shared_buffers": f"{_between(64, total // 8, 4096)}MB",
        "effective_cache_size": f"{_between(128, total // 2, 65536)}MB",
        "maintenance_work_mem": f"{_between(32, total // 32, 768)}MB",
        "work_mem": f"{_between(4, total // 512, 64)}MB",
        "huge_pages": "off",
        "max_connections": "120",
        # Disk. SSDs are the rule; WAL may use some of what is free, so imports are not one checkpoint after another.
        "random_page_cost": "1.1",
        "wal_compression": "on",
        "min_wal_size": "128MB" if free > 4096 else "64MB",
        "max_wal_size": f"{_between(256, free // 20, 4096)}MB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        # Compiling a query costs more than the short queries of a page.
        "jit": "off",
        "track_io_timing": "on",
        "idle_in_transaction_session_timeout": "30min",
        # A log that stays small and holds no customer's data: no statements, no parameters, no "Key (phone)=…".
        "logging_collector": "on",
        "log_directory": "logs",
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
        "log_line_prefix": "%m [%p] %q%a ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "lc_messages": "C",
        "cluster_name": "guanxi",
    }
    if _shared_memory_is_small():
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings
