"""Submit the job of `windows.sql` to the session cluster and leave: `job.py < settings.json`.

It runs in Flink's own environment and imports nothing of Headrace. Settings, as one JSON object on standard input:
`options` (Flink configuration), `source` and `sink` (table options). With `{"explain": true}` it prints the plan.
The job's id is printed as the last line.
"""

import json
import string
import sys
from pathlib import Path

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

SQL = Path(__file__).with_name("windows.sql")


def table_options(options: dict[str, str]) -> str:
    """Options as they stand in a WITH clause."""
    return ",\n  ".join(f"'{name}' = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in options.items())


def statements(settings: dict[str, dict[str, str]]) -> tuple[list[str], list[str]]:
    """The definitions, and the inserts that make one job."""
    text = "\n".join(line for line in SQL.read_text().splitlines() if not line.lstrip().startswith("--"))
    text = string.Template(text).substitute(
        source=table_options(settings["source"]), sink=table_options(settings["sink"])
    )
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
    definitions, inserts = statements(settings)
    for statement in definitions:
        environment.execute_sql(statement)
    job = environment.create_statement_set()
    for statement in inserts:
        job.add_insert_sql(statement)
    if settings.get("explain"):
        sys.stdout.write(job.explain())
        return
    client = job.execute().get_job_client()
    sys.stdout.write(f"{client.get_job_id()}\n")


if __name__ == "__main__":
    main()
