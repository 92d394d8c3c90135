"""Submit the job of the SQL files beside this one to the session cluster and leave: `job.py < settings.json`.

It runs in Flink's own environment and imports nothing of Headrace. Settings, as one JSON object on standard input:
`options` (Flink configuration) and `tables` (by the name that the SQL has for them, table options). With
`{"explain": true}` it prints the plan. The job's id is printed as the last line.
"""

import json
import string
import sys
from pathlib import Path

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

PARTS = ("windows.sql", "streams.sql")
"""Parts of one job: what they insert starts and is checkpointed together."""


def table_options(options: dict[str, str]) -> str:
    """Options as they stand in a WITH clause."""
    return ",\n  ".join(f"'{name}' = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in options.items())


def statements(part: str, tables: dict[str, dict[str, str]]) -> tuple[list[str], list[str]]:
    """The definitions, and the inserts that make a part of the job."""
    text = Path(__file__).with_name(part).read_text()
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    text = string.Template(text).substitute({name: table_options(options) for name, options in tables.items()})
    definitions, _, job = text.partition("EXECUTE STATEMENT SET BEGIN")
    inserts = job.removesuffix("\n").removesuffix("END;")
    return _split(definitions), _split(inserts)


def _split(text: str) -> list[str]:
    return [statement.strip() for statement in text.split(";\n") if statement.strip()]


def main() -> None:
    """Submit, print the job's id."""
    settings = json.load(sys.stdin)
    configuration = Configuration()
    for name, value in settings["options"].items():
        configuration.set_string(name, value)
    environment = TableEnvironment.create(
        EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration).build()
    )
    job = environment.create_statement_set()
    for part in PARTS:
        definitions, inserts = statements(part, settings["tables"])
        for statement in definitions:
            environment.execute_sql(statement)
        for statement in inserts:
            job.add_insert_sql(statement)
    if settings.get("explain"):
        sys.stdout.write(job.explain())
        return
    client = job.execute().get_job_client()
    sys.stdout.write(f"{client.get_job_id()}\n")


if __name__ == "__main__":
    main()
