"""bin/demo and bin/dev: the whole of Kept on this machine, with sample practices around today. Imports no Django: its children do."""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from kept.ops import doors, server
from kept.ops.datafolder import DataFolder, DemoTrouble
from kept.ops.people import PLANS
from kept.ops.processes import Children, ChildTrouble, children
from kept.ops.server import Server, ServerTrouble

CLONE = Path(__file__).resolve().parents[2]
DATABASE = "kept"
SEEDING, RUNNING = "seeding", "running"
LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Demo:
    """What one run knows: its folder, server and addresses."""

    data: DataFolder
    server: Server
    url: str
    gateway_url: str
    reload: bool
    faults: Path | None = None

    def environment(self) -> dict[str, str]:
        """What web and worker know: the app's role, never the owner's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "STRIPE_", "DJANGO_"))}
        return kept | {
            "DATABASE_URL": self.server.url(server.APP, DATABASE),
            "KEPT_ALLOWED_HOSTS": f"{doors.HOST},localhost",
            "KEPT_BASE_URL": self.url,
            "KEPT_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "KEPT_GATEWAY_PAGES": self.gateway_url,
            "KEPT_GATEWAY_DASHBOARD": self.gateway_url,
            "KEPT_INSTALLATION": "demo",
            "KEPT_MAIL_FOLDER": str(self.data.mail),
            "KEPT_SECOND_STEP": os.environ.get("KEPT_SECOND_STEP", "0"),
            "KEPT_SECRET_KEY": self.data.secret(),
            "KEPT_SMS_FOLDER": str(self.data.texts),
            "KEPT_WEBHOOKS_TO_LOCALHOST": "1",
            "STRIPE_API_BASE": self.gateway_url,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; then nothing that was started is left. 1 when it could not start."""
    options = _options(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        with ExitStack() as stack:
            _run(options, stack)
    except (DemoTrouble, ServerTrouble, ChildTrouble) as trouble:
        print(trouble, file=sys.stderr)
    return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/demo", description="Runs Kept with sample practices around today, on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="of the pages; the payment double takes the next free one")
    parser.add_argument("--data", type=Path, default=CLONE / ".data", metavar="DIR", help="keeps everything; .data of the clone by default")
    parser.add_argument("--fresh", action="store_true", help="empty the data first")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="what goes wrong at the payment double: double/README.md")
    parser.add_argument("--reload", action="store_true", help="follow changes of the code, as bin/dev does")
    return parser.parse_args(arguments)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Leave, once: a second signal shall not cut the stopping short."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(0)


def _run(options: argparse.Namespace, stack: ExitStack) -> NoReturn:
    data = DataFolder(options.data.expanduser().resolve())
    port = options.port
    if not doors.is_free(port):
        raise DemoTrouble(f"Port {port} is taken. Choose another: bin/demo --port {port + 1}")
    stack.enter_context(data.alone())
    if options.fresh:
        data.empty()
    if server.home(data.path).parent != data.path:
        _say(f"The database lies in {server.home(data.path).parent}: its account or its socket could not be in {data.path}.")
    _say("Starting PostgreSQL.")
    demo = Demo(
        data=data,
        server=stack.enter_context(server.running(data.path)),
        url=f"http://{doors.HOST}:{port}",
        gateway_url=f"http://{doors.HOST}:{port + 1 if doors.is_free(port + 1) else doors.free_port()}",
        reload=options.reload,
        faults=options.faults,
    )
    data.facts.unlink(missing_ok=True)
    crew = stack.enter_context(children(data.logs))
    _open(demo, crew)
    _complete(demo, crew)
    _watch(demo, crew)


def _open(demo: Demo, crew: Children) -> None:
    """Everything answers, and demo.json says where. The assets are built meanwhile."""
    crew.start("assets", _python("bin/_setup.py"), os.environ, CLONE)
    first = not demo.data.seed.exists()
    if first:
        demo.server.drop_database(DATABASE)
        demo.data.double.unlink(missing_ok=True)
    if not demo.server.has_database(DATABASE):
        demo.server.create_database(DATABASE)
        demo.data.schema.unlink(missing_ok=True)
    crew.start("double", _double(demo), demo.environment(), CLONE)
    _migrate(demo)
    if first:
        _wait_for_double(demo, crew)
        _say("Seeding the sample practices.")
        _manage(demo, "seed", "--into", str(demo.data.seed))
    if not crew.ends_within("assets", seconds=3):
        _say("Building the assets.")
    crew.finish("assets")
    started_at = datetime.now(UTC)
    crew.start("web", _web(demo), demo.environment(), CLONE)
    crew.start("worker", _python("manage.py", "worker"), demo.environment(), CLONE)
    _wait_for_double(demo, crew)
    crew.wait_until("web", lambda: doors.answers(f"{demo.url}/healthz"))
    crew.wait_until("worker", lambda: _worker_seen(demo, started_at))
    facts = _facts(demo, crew)
    demo.data.write_facts(facts)
    _say(f"Ready on {demo.url}\n\n{_welcome(demo, facts)}")


def _wait_for_double(demo: Demo, crew: Children) -> None:
    crew.wait_until("double", lambda: doors.answers(f"{demo.gateway_url}/_double/cards"))


def _migrate(demo: Demo) -> None:
    """Unless nothing has changed since it was done last: the next start takes seconds."""
    made = hashlib.sha256()
    for file in sorted([*CLONE.glob("kept/*/migrations/*.py"), *CLONE.glob("requirements/*.txt")]):
        made.update(file.read_bytes())
    if demo.data.schema.exists() and demo.data.schema.read_text() == made.hexdigest():
        return
    _say("Bringing the database up to date.")
    _manage(demo, "migrate", "--verbosity", "0", "--skip-checks", DATABASE_OWNER_URL=demo.server.url(server.OWNER, DATABASE))
    demo.data.schema.write_text(made.hexdigest())


def _complete(demo: Demo, crew: Children) -> None:
    """The worker fills the rest of the sample while people work already; this sees when, and which fee is in which state then."""
    crew.start(SEEDING, _python("manage.py", "seed", "--wait", "--into", str(demo.data.seed)), demo.environment(), CLONE)


def _python(*arguments: str) -> list[str | Path]:
    return [sys.executable, *arguments]


def _double(demo: Demo) -> list[str | Path]:
    """The payment double, which tells each practice's endpoint what happened."""
    endpoints = [f"--webhook={plan.gateway_key}={demo.url}/webhooks/stripe/{plan.slug}/={plan.webhook_secret}" for plan in PLANS]
    port = demo.gateway_url.rpartition(":")[2]
    faults = ["--faults", str(demo.faults.resolve())] if demo.faults else []
    return _python("-m", "double", "--port", port, "--data", str(demo.data.double), *endpoints, *faults)


def _web(demo: Demo) -> list[str | Path]:
    command = _python("-m", "gunicorn", "config.wsgi", "--bind", demo.url.removeprefix("http://"), "--no-control-socket")
    command += ["--worker-class", "gthread", "--threads", "4", "--access-logfile", "-", "--logger-class", "kept.foundation.logs.AccessLog"]
    return command + (["--workers", "1", "--reload"] if demo.reload else ["--workers", "2", "--preload"])


def _manage(demo: Demo, *arguments: str, **more: str) -> None:
    """Run a command to its end. Raises DemoTrouble with what it said when it fails."""
    environment = demo.environment() | {"KEPT_LOG_LEVEL": "WARNING"} | more
    done = subprocess.run(_python("manage.py", *arguments), cwd=CLONE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoTrouble(f"kept {arguments[0]} failed:\n{done.stderr.strip()[-3000:]}")


def _worker_seen(demo: Demo, since: datetime) -> bool:
    with demo.server.connect(server.APP, DATABASE) as app:
        return app.execute("select from procrastinate_workers where last_heartbeat >= %s", [since]).fetchone() is not None


def _facts(demo: Demo, crew: Children) -> dict[str, Any]:
    """demo.json."""
    seeded = json.loads(demo.data.seed.read_text())
    return {
        "url": demo.url,
        **{name: seeded[name] for name in ("practices", "samples", "seeding")},
        "database": {"app": demo.server.url(server.APP, DATABASE), "owner": demo.server.url(server.OWNER, DATABASE)},
        "gateway": {"url": demo.gateway_url, "ledger": f"{demo.gateway_url}/_double/ledger", "cards": f"{demo.gateway_url}/_double/cards"},
        "processes": {"demo": os.getpid()} | crew.pids,
        "mail": str(demo.data.mail),
        "texts": str(demo.data.texts),
    }


def _welcome(demo: Demo, facts: dict[str, Any]) -> str:
    """Who may sign in, and where the rest is."""
    first = facts["practices"][0]["members"]["front_desk"]
    lines = [f"Sign in as {first['email']}, the front desk. The password of all is {first['password']}"]
    for practice in facts["practices"]:
        lines += ["", f"{practice['name']} ({', '.join(clinic['name'] for clinic in practice['clinics'])})"]
        lines += [f"  {role.replace('_', ' '):<12}{member['email']}" for role, member in practice["members"].items()]
        if limited := practice.get("limited"):
            lines.append(f"  {limited['role'].replace('_', ' '):<12}{limited['email']}, at {limited['clinic']} alone")
    lines += [
        "",
        f"Cards are played by {demo.gateway_url}, letters lie in {demo.data.mail}, text messages beside it,",
        f"tokens and addresses stand in {demo.data.facts}. Ctrl-C stops everything.",
    ]
    if facts["seeding"] == RUNNING:
        lines.append("Today is ready; the weeks before and after it follow within minutes.")
    return "\n".join(lines)


def _watch(demo: Demo, crew: Children) -> NoReturn:
    """Say when a child ends; the rest stays until Ctrl-C. When the sample is full, demo.json says so. With reload, a change of the code
    restarts the worker."""
    newest = _newest()
    while True:
        time.sleep(LOOK_EVERY_SECONDS)
        for name, how in crew.ended():
            if (name, how) == (SEEDING, "code 0"):
                before, after = json.loads(demo.data.facts.read_text()), _facts(demo, crew)
                demo.data.write_facts(after)
                if before["seeding"] == RUNNING:
                    _say("The weeks before and after today are there, too.")
            else:
                _say(f"The {name} ended ({how}); its log: {crew.log(name)}. Ctrl-C stops the rest.")
        if demo.reload and (changed := _newest()) > newest:
            newest = changed
            crew.restart("worker")


def _newest() -> float:
    """When the code last changed."""
    return max(path.stat().st_mtime for path in (CLONE / "kept").rglob("*.py"))


def _say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
