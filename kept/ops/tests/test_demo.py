"""What keeps the demo from starting is said in one line; what it writes is private; its server opens nobody's folder."""

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from kept.ops import demo, doors, server
from kept.ops.datafolder import DataFolder, DemoTrouble
from kept.ops.processes import ChildTrouble, children


def test_a_taken_port_is_told_with_the_next_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((doors.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        code = demo.main(["--port", str(port), "--data", str(tmp_path)])

    assert code == 1
    assert capsys.readouterr().err == f"Port {port} is taken. Choose another: bin/demo --port {port + 1}\n"


def test_one_folder_has_one_demo(tmp_path: Path) -> None:
    with DataFolder(tmp_path).alone(), pytest.raises(DemoTrouble, match="runs on .* already"), DataFolder(tmp_path).alone():
        pass


def test_its_secret_stays_and_is_private(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)

    assert folder.secret() == folder.secret()
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_fresh_removes_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.secret()
    folder.write_facts({"url": "http://127.0.0.1:8000"})
    (tmp_path / "diary.txt").write_text("mine")

    folder.empty()

    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone needs an account for PostgreSQL")
def test_as_root_a_private_folder_stays_private(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    home = server.home(private / "data")

    assert home.parent.parent == server.ASIDE
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    home.parent.rmdir()


def test_no_socket_gets_a_name_too_long_for_the_system(tmp_path: Path) -> None:
    home = server.home(tmp_path / ("deep" * 20) / "data")

    assert len(str(home)) < server.LONGEST_SOCKET
    home.parent.rmdir()


def test_children_end_with_the_block_whatever_became_of_each(tmp_path: Path) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    with children(tmp_path) as crew:
        crew.start("sleeper", sleeper, os.environ, tmp_path)
        crew.start("victim", sleeper, os.environ, tmp_path)
        pids = crew.pids
        os.kill(pids["victim"], 9)
        crew._running["victim"].wait(5)
        ended = list(crew.ended())

    assert ended == [("victim", "SIGKILL")]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids.values())


def test_a_child_that_can_not_start_says_why(tmp_path: Path) -> None:
    with children(tmp_path) as crew:
        crew.start("broken", [sys.executable, "-c", "raise SystemExit('no such thing')"], os.environ, tmp_path)
        with pytest.raises(ChildTrouble, match="no such thing"):
            crew.wait_until("broken", lambda: False)


def test_it_says_who_may_sign_in_and_that_the_weeks_follow(tmp_path: Path) -> None:
    members = {"front_desk": {"email": "odette.farnley@example.com", "password": "kept-every-appointment"}}
    limited = {"role": "front_desk", "clinic": "Harbor Point", "email": "calla.brightmoor@example.com"}
    practice = {"name": "Juniper Skin Studio", "clinics": [{"name": "Elm Street"}], "members": members, "limited": limited}
    running = demo.Demo(DataFolder(tmp_path), server.Server(tmp_path), "http://127.0.0.1:8000", "http://127.0.0.1:8001", reload=False)

    said = demo._welcome(running, {"practices": [practice], "seeding": "running"}).splitlines()

    assert said[0] == "Sign in as odette.farnley@example.com, the front desk. The password of all is kept-every-appointment"
    assert said[2:5] == [
        "Juniper Skin Studio (Elm Street)",
        "  front desk  odette.farnley@example.com",
        "  front desk  calla.brightmoor@example.com, at Harbor Point alone",
    ]
    assert said[-1] == "Today is ready; the weeks before and after it follow within minutes."


def test_a_child_that_ends_well_is_forgotten_and_one_that_fails_is_told(tmp_path: Path) -> None:
    with children(tmp_path) as crew:
        crew.start("builder", [sys.executable, "-c", ""], os.environ, tmp_path)
        crew.finish("builder")
        crew.start("breaker", [sys.executable, "-c", "raise SystemExit('no such icon')"], os.environ, tmp_path)
        with pytest.raises(ChildTrouble, match=r"The breaker failed(.|\n)*no such icon"):
            crew.finish("breaker")

        assert (crew.pids, [name for name, _how in crew.ended()]) == ({}, ["breaker"])
