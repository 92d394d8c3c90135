"""Where to sign in and with what: arguments, else the environment, else the home of a stack on this machine."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headrace._errors import NotSignedIn, Unreachable

HOME = "HEADRACE_HOME"
DEFAULT_HOME = Path(".headrace")


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


def resolve(
    host: str | None, api_key: str | None, project: str | None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """The settings in force; raises Unreachable or NotSignedIn naming what is missing."""
    where = address(host, environment)
    if not where:
        raise Unreachable(
            "no API address: give host=…, or set HEADRACE_API (`headrace env` prints it)", code="no-address"
        )
    key = api_key or environment.get("HEADRACE_API_KEY")
    if not key:
        raise NotSignedIn(
            "no API key: give api_key=…, or set HEADRACE_API_KEY (`headrace env` prints it)", code="no-credential"
        )
    home = stack_home(environment) if environment.get(HOME) else Path.home() / ".headrace"
    return Settings(
        host=where,
        api_key=key,
        project=project or environment.get("HEADRACE_PROJECT"),
        clients=home / "clients",
        given={name: value for name, value in environment.items() if name.startswith("HEADRACE_")},
    )
