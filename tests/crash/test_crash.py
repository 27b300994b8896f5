"""What was acknowledged is there once, and nothing else is, wherever a kill -9 falls. See `torture`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

KILLS = int(os.environ.get("GUANXI_KILLS", "40"))


@pytest.mark.crash
@pytest.mark.slow
def test_nothing_is_lost_doubled_or_half_done() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.torture", "--kills", str(KILLS)],
        capture_output=True, text=True, timeout=120 + KILLS * 30, check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    assert "Nothing lost" in done.stdout
