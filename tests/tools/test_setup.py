"""The set-up decides what is missing, and which Python may fill it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import setup
from tools.setup import Environment, Interpreter, SetupError

CPUINFO = "processor : 0\nflags\t\t: fpu sse sse2 {} ssse3\n"


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """A finished environment without a stamp."""
    requirements = tmp_path / "bot.txt"
    requirements.write_text("six==1.17.0 --hash=sha256:00\n")
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "pyvenv.cfg").write_text("version = 3.11.7\n")
    return Environment("bot", folder, requirements, ("3.11", "3.12"), 0.7)


def python(path: str, version: str, **facts: bool) -> Interpreter:
    return Interpreter(path, version, **{"usable": True, "has_pip": True, **facts})


def chosen(
    versions: list[str], *answers: Interpreter, broken: tuple[str, ...] = ()
) -> str | None:
    """The path that ``choose`` takes from candidates in this order."""
    known = {found.path: found for found in answers}
    found = setup.choose(versions, lambda _: [*broken, *known], known.get)
    return found.path if found else None


# --- stamps ------------------------------------------------------------------------


def test_a_stamped_environment_needs_nothing(env):
    setup.write_stamp(env)

    assert setup.changes(env) == set()


def test_an_install_that_was_cut_short_is_made_anew(env):
    assert setup.changes(env) == {"made", "filled"}


def test_an_environment_that_is_not_there_is_made(env):
    missing = env._replace(folder=env.folder.parent / "elsewhere")

    assert setup.changes(missing) == {"made", "filled"}


def test_an_environment_of_another_checkout_is_not_emptied(env, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(env.folder)
    here = python(sys.executable, "3.11.7")

    with pytest.raises(SetupError, match="rm link"):
        setup.create(env._replace(folder=link), here, with_pip=False)
    assert (env.folder / "bin" / "python").exists()


def test_new_requirements_only_refill(env):
    setup.write_stamp(env)
    env.requirements.write_text("six==1.18.0 --hash=sha256:11\n")

    assert setup.changes(env) == {"filled"}


def test_another_interpreter_makes_it_anew(env):
    setup.write_stamp(env)
    (env.folder / "pyvenv.cfg").write_text("version = 3.12.1\n")

    assert "made" in setup.changes(env)


def test_an_interpreter_that_was_uninstalled_makes_it_anew(env):
    setup.write_stamp(env)
    env.python.unlink()
    env.python.symlink_to("/nowhere/python")

    assert "made" in setup.changes(env)


def test_a_moved_environment_is_made_anew(env):
    setup.write_stamp(env)
    moved = env._replace(folder=env.folder.rename(env.folder.parent / "moved"))

    assert "made" in setup.changes(moved)


def test_a_broken_stamp_counts_as_none(env):
    env.stamp.write_text("{")

    assert "made" in setup.changes(env)


@pytest.mark.parametrize(
    ("problem", "left"),
    [("dns error", {"filled"}), ("No space left on device", {"made", "filled"})],
)
def test_a_refill_without_network_leaves_the_old_environment_valid(
    env, tmp_path, monkeypatch, problem, left
):
    monkeypatch.setattr(setup, "LOG", tmp_path / "setup.log")
    installer = tmp_path / "uv"
    installer.write_text(f"#!/bin/sh\necho {problem}; exit 1\n")
    installer.chmod(0o755)
    setup.write_stamp(env)
    env.requirements.write_text("six==1.18.0 --hash=sha256:11\n")

    with pytest.raises(setup.CommandError):
        setup.install(env, None, str(installer))

    assert setup.changes(env) == left


# --- interpreters ------------------------------------------------------------------


def test_a_shim_that_does_not_run_is_passed_over():
    real = python("/pyenv/3.10/python", "3.10")

    assert chosen(["3.10"], real, broken=("/shims/python3.10",)) == real.path


def test_the_version_decides_before_the_place():
    newer, wanted = python("/a/python3", "3.12"), python("/b/python3", "3.11")

    assert chosen(["3.11", "3.12"], newer, wanted) == wanted.path


def test_the_next_version_serves_when_the_first_is_missing():
    newest, next_best = python("/a/python3", "3.13"), python("/b/python3", "3.12")

    assert chosen(["3.11", "3.12", "3.13"], newest, next_best) == next_best.path


def test_a_python_with_pip_is_preferred_and_one_without_will_do():
    bare = python("/usr/bin/python3.10", "3.10", has_pip=False)
    whole = python("/pyenv/3.10/python", "3.10")

    assert chosen(["3.10"], bare, whole) == whole.path
    assert chosen(["3.10"], bare) == bare.path


def test_a_32_bit_python_is_no_use_to_tensorflow():
    assert chosen(["3.10"], python("/old/python", "3.10", usable=False)) is None


def test_a_python_of_no_wanted_version_is_not_taken():
    assert chosen(["3.10"], python("/usr/bin/python3", "3.11")) is None


def test_a_running_python_answers_for_itself():
    found = setup.ask(sys.executable)

    assert found is not None
    assert found.version == "{}.{}".format(*sys.version_info)
    assert found.usable
    assert setup.ask(found.path) == found


@pytest.mark.parametrize("script", ["exit 1", "echo Python 3.10.13", "echo []"])
def test_a_program_that_only_looks_like_python_is_not_one(tmp_path, script):
    shim = tmp_path / "python3.10"
    shim.write_text(f"#!/bin/sh\n{script}\n")
    shim.chmod(0o755)

    assert setup.ask(str(shim)) is None


def test_pythons_of_a_version_manager_are_candidates(tmp_path, monkeypatch):
    program = tmp_path / "versions" / "3.10.13" / "bin" / "python3.10"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin")

    assert str(program) in setup.candidates("3.10")
    assert str(program) not in setup.candidates("3.11")


# --- disk and processor ------------------------------------------------------------


def test_too_little_disk_says_how_much_is_needed(env):
    with pytest.raises(SetupError, match=r"cần 1\.4 GB, còn trống 1\.0 GB"):
        setup.check_disk([env, env], free=setup.GIGABYTE)


def test_only_what_is_missing_needs_disk(env):
    setup.check_disk([env], free=setup.GIGABYTE)
    setup.check_disk([], free=0)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="AVX is of x86-64")
def test_a_processor_without_avx_is_told_to_go_without_rasa(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(CPUINFO.format("avx2"))
    with pytest.raises(SetupError, match="KIENNGHI_RASA=off"):
        setup.check_processor(cpuinfo)

    cpuinfo.write_text(CPUINFO.format("avx"))
    setup.check_processor(cpuinfo)


# --- what a person sees ------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Downloading tensorflow (558.8MiB)", "    tải tensorflow (558.8MiB)"),
        ("   Building docopt==0.6.2", "    dựng docopt==0.6.2"),
        (
            "  Downloading six-1.17-py3-none-any.whl (11 kB)",
            "    tải six-1.17-py3-none",
        ),
        ("  Downloading six-1.17-py3-none-any.whl.metadata (1.7 kB)", None),
        ("  Building wheel for docopt (setup.py): started", "    dựng docopt"),
        (" + alembic==1.20.1", None),
        (" Downloaded tensorflow", None),
        ("Collecting six==1.17.0", None),
    ],
)
def test_progress_shows_what_takes_time(line, shown):
    seen = setup.progress(line)

    assert seen is None if shown is None else (seen or "").startswith(shown)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("dns error: failed to lookup address information", "kết nối mạng"),
        ("Read timed out.", "kết nối mạng"),
        ("Network is unreachable (os error 101)", "kết nối mạng"),
        ("OSError: [Errno 28] No space left on device", "Hết chỗ"),
        ("error: Hash mismatch for `six==1.17.0`", "mã kiểm tra"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM ...", "mã kiểm tra"),
        ("error: command 'gcc' failed", "không thành công"),
    ],
)
def test_a_failed_install_is_explained(output, sentence):
    assert sentence in setup.explain(output)


def test_the_launcher_finds_the_project_from_anywhere_with_spaces_in_its_path(tmp_path):
    home = tmp_path / "cơ quan xã"
    (home / "bot").mkdir(parents=True)
    (home / "bot" / "cli.py").write_text(
        "import sys\ndef main():\n    print(sys.argv[1:])\n    return 7\n"
    )
    link = home / "python"
    link.symlink_to(sys.executable)
    launcher = home / "kiennghi"
    launcher.write_text(setup.LAUNCHER.format(python=link))
    launcher.chmod(0o755)

    done = subprocess.run(
        [launcher, "hai từ", "x"],
        env={"PYTHONPATH": str(home), "PATH": os.environ["PATH"]},
        cwd="/",
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.returncode, done.stdout) == (7, "['hai từ', 'x']\n")


# --- where it ends -----------------------------------------------------------------


def test_without_a_fitting_python_one_line_names_the_ways_out(env):
    unheard_of = env._replace(label="Rasa", versions=("3.99",), hint=setup.RASA.hint)

    with pytest.raises(SetupError) as stopped:
        setup.find_python(unheard_of, uv=None)

    assert "Python 3.99" in str(stopped.value)
    assert "KIENNGHI_RASA=off" in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_with_rasa_off_its_environment_is_left_alone(tmp_path):
    (tmp_path / "tools").mkdir()
    script = tmp_path / "tools" / "setup.py"
    script.write_bytes(Path(setup.__file__).read_bytes())

    done = subprocess.run(
        [sys.executable, "-I", script, "rasa"],
        env={"KIENNGHI_RASA": "off"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["tools"]
