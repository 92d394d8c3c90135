"""Where to look next: what is still up when the story has been told, and how to ask it."""

from dataclasses import dataclass

from flights.served import NAME
from flights.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """What to type: `commands` in the folder of the demo, `python` after `import headrace`; `pages` are addresses."""

    commands: tuple[str, ...]
    pages: dict[str, str]
    python: tuple[str, ...]


def point(stage: Stage) -> Pointers:
    """The pointers into this run's project."""
    project, api = stage.cast.name, stage.api
    serving = stage.cast.owner.get_model_serving().url
    return Pointers(
        commands=(".venv/bin/headrace status", f'eval "$(.venv/bin/headrace env --project {project})"'),
        pages={
            "the API, to read and to try": f"{api}/docs",
            "its OpenAPI document": f"{api}/openapi.json",
            "lineage": f"{api}/api/projects/{project}/lineage/model_version:{NAME}.1?direction=upstream",
            "monitoring": f"{api}/api/projects/{project}/deployments/{NAME}/monitoring/windows",
            "serving": f"{serving}/v2/models/{NAME}",
        },
        python=(
            f'headrace.login().lineage("model_version:{NAME}.1", "upstream").tree()',
            f'headrace.login().get_model_serving().get_deployment("{NAME}").get_monitor().plot("humid")',
        ),
    )


def play(stage: Stage) -> None:
    """Print them; what is not the API's description wants the key of `$HEADRACE_API_KEY` as a bearer token."""
    found = point(stage)
    stage.story.console.rule("[bold]Where to look next", align="left")
    lines = [
        *found.commands,
        *(f"{page}  ({what})" for what, page in found.pages.items()),
        *(f".venv/bin/python -c 'import headrace; print({call})'" for call in found.python),
    ]
    for line in lines:
        stage.story.console.print(f"  {line}", markup=False, soft_wrap=True)
