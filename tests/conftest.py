"""What all tests share: a seed for chance, one folder for temporary files, and a log with a database."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.integration.stack import RunningStack, running_stack
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

READING = {"e2e", "projections", "serving"}
"""The folders of tests that take as long as all others that need servers."""

# How long an example may take says nothing on a machine that others use too.
settings.register_profile("short", deadline=None)
settings.register_profile("long", max_examples=3_000, deadline=None)
settings.load_profile("short")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the seed be chosen."""
    parser.addoption("--seed", type=int, default=None, help="the seed of the moments at which tests kill processes")


def pytest_configure(config: pytest.Config) -> None:
    """Draw a seed where none was chosen."""
    if config.option.seed is None:
        config.option.seed = random.SystemRandom().randrange(10**6)


def pytest_report_header(config: pytest.Config) -> str:
    """Print it."""
    return f"seed of the kills: {config.option.seed} (to have the same again: --seed {config.option.seed})"


class Halves(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """Of the tests that need servers two processes have one half each, and a stack for it; others run beside them."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folders = set(file.split("/"))
        if "unit" in folders:
            return file
        return "reading" if folders & READING else "writing"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Halves:
    """Give whole halves and files to processes."""
    return Halves(config, log)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance that repeats for this test with this seed."""
    print(f"--seed {request.config.option.seed}")
    return random.Random(f"{request.config.option.seed} {request.node.name}")  # noqa: S311 - a chance that repeats


@pytest.fixture(scope="session", autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Temporary files of tests, and of all that they start and kill, lie in one folder, which goes with the session."""
    tmp_path_factory.getbasetemp()  # where tests keep what is worth a look after a failure is elsewhere
    folder = Path(tempfile.mkdtemp(prefix="hrt-"))
    folder.chmod(0o711)  # user code runs as another user, in a folder of its own below
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def hasty_java() -> Iterator[None]:
    """Servers that live for minutes are done before their code is worth the second compiler's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        yield


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the home of the session's stack."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def stack(home: Path) -> Iterator[RunningStack]:
    """Run Kafka and Postgres."""
    with running_stack(home, "kafka", "postgres") as running:
        yield running
