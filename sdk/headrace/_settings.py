"""Where to sign in and with what: arguments, the environment, the home of a stack here, what `headrace login` left."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from headrace._errors import NotSignedIn, Unreachable
from headrace._private import make_private, write_private

HOME = "HEADRACE_HOME"
DEFAULT_HOME = Path(".headrace")
LOGIN = "login.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `headrace env` exports, as far as it is set."""

    host: str
    api_key: str = field(repr=False)
    project: str | None
    clients: Path
    given: Mapping[str, str] = field(default_factory=dict, repr=False)


def stack_home(environment: Mapping[str, str] = os.environ) -> Path:
    """The home of the stack on this machine."""
    return Path(environment.get(HOME) or DEFAULT_HOME).absolute()


def local_api(environment: Mapping[str, str] = os.environ) -> str | None:
    """Where the API of the stack on this machine listens, or None if there was never one."""
    ports = stack_home(environment) / "run" / "ports.json"
    if not ports.exists():
        return None
    port = json.loads(ports.read_text()).get("api")
    return f"http://{environment.get('HEADRACE_LISTEN_HOST', '127.0.0.1')}:{port}" if port else None


def address(host: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """Where the API is: the argument, else HEADRACE_API, else the stack on this machine; None where nothing says."""
    where = host or environment.get("HEADRACE_API") or local_api(environment)
    return where if not where or "://" in where else f"http://{where}"


def administrator_key(environment: Mapping[str, str] = os.environ) -> str | None:
    """The administrator's key that `headrace up` left in the secrets folder, if this account may read it."""
    path = stack_home(environment) / "secrets" / "administrator.key"
    try:
        return path.read_text().strip()
    except (FileNotFoundError, PermissionError):
        return None


def local_administrator(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the administrator of the stack on this machine; raises Unreachable or NotSignedIn."""
    home = stack_home(environment)
    host, key = local_api(environment), administrator_key(environment)
    if host is None:
        raise Unreachable(f"there is no stack in {home}: start one with `headrace up`", code="no-address")
    if key is None:
        raise NotSignedIn(f"the administrator's key in {home / 'secrets'} cannot be read", code="no-credential")
    return resolve(host, key, None, {name: environment[name] for name in (HOME,) if name in environment})


def own_home(environment: Mapping[str, str] = os.environ) -> Path:
    """Where this person's files are: HEADRACE_HOME, else `.headrace` in their home."""
    return stack_home(environment) if environment.get(HOME) else Path.home() / ".headrace"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSession:
    """What `headrace login` left."""

    host: str
    user: str
    token: str = field(repr=False)


def save_session(session: SavedSession, environment: Mapping[str, str] = os.environ) -> Path:
    """Keep the session for later programs of this account, and nobody else's (0600)."""
    path = make_private(own_home(environment)) / LOGIN
    write_private(path, json.dumps(asdict(session)).encode())
    return path


def saved_session(environment: Mapping[str, str] = os.environ) -> SavedSession | None:
    """The session that was kept, if there is one; raises NotSignedIn where the file is damaged."""
    path = own_home(environment) / LOGIN
    try:
        return SavedSession(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise NotSignedIn(f"{path} is damaged: sign in again", code="damaged-login") from error


def forget_session(environment: Mapping[str, str] = os.environ) -> None:
    """Keep no session."""
    (own_home(environment) / LOGIN).unlink(missing_ok=True)


def resolve(
    host: str | None, api_key: str | None, project: str | None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """The settings in force; raises Unreachable or NotSignedIn naming what is missing."""
    saved = saved_session(environment)
    where = address(host, environment) or (saved.host if saved else None)
    if not where:
        raise Unreachable(
            "no API address: give host=…, or set HEADRACE_API (`headrace env` prints it)", code="no-address"
        )
    key = api_key or environment.get("HEADRACE_API_KEY") or (saved.token if saved and saved.host == where else None)
    if not key:
        raise NotSignedIn(
            "no API key: give api_key=…, set HEADRACE_API_KEY (`headrace env` prints it), or `headrace login`",
            code="no-credential",
        )
    home = own_home(environment)
    return Settings(
        host=where,
        api_key=key,
        project=project or environment.get("HEADRACE_PROJECT"),
        clients=home / "clients",
        given={name: value for name, value in environment.items() if name.startswith("HEADRACE_")},
    )
