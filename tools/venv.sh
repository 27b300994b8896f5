#!/bin/sh
# Make the virtual environment with any Python >= 3.11, and in it the installer that brings the rest.
set -eu
venv=$1
here=$(dirname "$0")/..

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ -x "$venv/bin/python" ] && ! { fits "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
    rm -rf "$venv" # half made, or its Python is gone
fi
if [ ! -x "$venv/bin/python" ]; then
    python=
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if fits "$name"; then python=$name && break; fi
    done
    if [ -z "$python" ]; then
        echo "Guanxi needs Python 3.11 or newer, and finds none." >&2
        echo "  Debian, Ubuntu: sudo apt-get install python3 python3-venv     macOS: brew install python" >&2
        echo "  Another place:  make PYTHON=/path/to/python3 …" >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        echo "This Python ($python) came without the parts that make virtual environments." >&2
        echo "  Debian, Ubuntu: sudo apt-get install python3-venv   (or $version-venv)" >&2
        echo "Then the same make command again." >&2
        exit 1
    fi
    echo "Making a virtual environment with $("$python" --version) …"
    "$python" -m venv "$venv"
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements/boot.txt"
