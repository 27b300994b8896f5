"""Write requirements/*.txt and package-lock.json anew: every package with its version and hashes, no host names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Each lock keeps to the versions of the one above it, so that they can be installed on top of each other.
LOCKS = {
    "run": (["pyproject.toml"], []),
    "demo": (["pyproject.toml", "--extra", "demo"], ["run"]),
    "boot": (["requirements/boot.in"], []),
    "dev": (["pyproject.toml", "--extra", "demo", "requirements/boot.in", "requirements/dev.in"], ["demo", "boot"]),
    "node": (["requirements/node.in"], []),
}


def main() -> None:
    uv = Path(sys.executable).with_name("uv")
    keep = [] if "--keep" in sys.argv else ["--upgrade"]
    for name, (sources, above) in LOCKS.items():
        constraints = [part for lock in above for part in ("--constraint", f"requirements/{lock}.txt")]
        subprocess.run(
            [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes",
             "--no-emit-index-url", "--no-annotate", "--custom-compile-command", "make lock",
             *keep, *constraints, *sources, "--output-file", f"requirements/{name}.txt"],
            cwd=ROOT, check=True,
        )  # fmt: skip
    sys.path.insert(0, str(ROOT))
    from tools.assets import npm

    npm("install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


if __name__ == "__main__":
    main()
