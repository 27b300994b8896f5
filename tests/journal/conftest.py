"""Everything here is about the journal; checkpoints go to a folder of the test's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings

COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    "print_blob": True,
}
hypothesis_settings.register_profile(
    "ci", max_examples=12, stateful_step_count=20, phases=[Phase.explicit, Phase.generate], **COMMON
)
hypothesis_settings.register_profile("deep", max_examples=300, stateful_step_count=50, **COMMON)
hypothesis_settings.load_profile(os.environ.get("GUANXI_HYPOTHESIS", "ci"))


@pytest.fixture(autouse=True)
def _checkpoints(tmp_path: Path, settings: Any) -> None:
    settings.CHECKPOINTS = tmp_path / "checkpoints"
