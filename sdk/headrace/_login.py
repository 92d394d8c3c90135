"""Signing in."""

from contextlib import ExitStack

from headrace._errors import Invalid
from headrace._http import Api
from headrace._platform import Platform
from headrace._project import Project
from headrace._settings import Settings, local_administrator, resolve


def login(host: str | None = None, api_key: str | None = None, project: str | None = None) -> Project:
    """Sign in to a project.

    Args:
        host: address of the API; else HEADRACE_API, else the stack on this machine.
        api_key: else HEADRACE_API_KEY.
        project: else HEADRACE_PROJECT, else the one project the key's owner belongs to.

    Raises:
        HeadraceError: nothing answers, the key does not count, or the project is not clear.
    """
    settings = resolve(host, api_key, project)
    with ExitStack() as unless_signed_in:
        api = unless_signed_in.enter_context(Api(settings.host, settings.api_key))
        caller = api.get("/api/whoami")
        name = settings.project or caller["limited_to"] or _only([row["project"] for row in caller["projects"]])
        api.get(f"/api/projects/{name}")
        unless_signed_in.pop_all()
    return Project(api, name, caller["user"], settings)


def connect(host: str | None = None, api_key: str | None = None) -> Platform:
    """Sign in to the platform itself: users, projects, keys. Arguments as with `login`."""
    return _platform(resolve(host, api_key, None))


def administrator() -> Platform:
    """Sign in to the stack on this machine as its administrator, whatever the environment says of others.

    The key is the one that `headrace up` left in the home, so this is for whoever may read that.

    Raises:
        HeadraceError: there is no such stack, it does not answer, or its key cannot be read.
    """
    return _platform(local_administrator())


def _platform(settings: Settings) -> Platform:
    with ExitStack() as unless_signed_in:
        api = unless_signed_in.enter_context(Api(settings.host, settings.api_key))
        user = api.get("/api/whoami")["user"]
        unless_signed_in.pop_all()
    return Platform(api, user, settings)


def _only(projects: list[str]) -> str:
    if len(projects) != 1:
        raise Invalid(
            f"say which project: project=… or HEADRACE_PROJECT (yours: {', '.join(projects) or 'none'})",
            code="which-project",
        )
    return projects[0]
