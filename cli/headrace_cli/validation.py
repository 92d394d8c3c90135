"""`headrace validation`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from headrace import ExpectationSuite, Invalid, ValidationReport
from headrace_cli.feature_group_options import InProject, NewestVersion, group_of
from headrace_cli.telling import ActAs, AsJson, as_text, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="What feature groups expect of their rows, and what came.")
Suite = Annotated[Path, typer.Argument(help="a file with a suite in Great Expectations' JSON")]
_NONE = "Save one: `headrace validation suggest` writes what holds of the rows that are there."


@app.command("show")
@told
def show(
    name: str, project: InProject, *, version: NewestVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Show the expectation suite of a version."""
    suite = group_of(name, version, project, user).get_expectation_suite()
    if suite is None:
        refuse(f"feature group {name} expects nothing of its rows", _NONE)
    _tell_suite(suite, as_json=as_json)


@app.command("save")
@told
def save(
    name: str,
    file: Suite,
    project: InProject,
    *,
    version: NewestVersion = None,
    strict: Annotated[
        bool | None, typer.Option("--strict/--always", help="whether inserts that are not as expected write nothing")
    ] = None,
    run: Annotated[bool | None, typer.Option("--run/--no-run", help="whether inserts look at it")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Expect what a file says of rows from now on; policy and whether it is looked at as it says, unless given."""
    policy: Any = None if strict is None else "STRICT" if strict else "ALWAYS"
    suite = group_of(name, version, project, user).save_expectation_suite(
        read_suite(file), run_validation=run, validation_ingestion_policy=policy
    )
    _tell_suite(suite, as_json=as_json)


@app.command("delete")
@told
def delete(
    name: str, project: InProject, *, version: NewestVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Expect nothing of rows any more; the reports stay."""
    group_of(name, version, project, user).delete_expectation_suite()
    tell(as_json, {"feature_group": name, "suite": None}, f"feature group {name} expects nothing of its rows any more")


@app.command("suggest")
@told
def suggest(
    name: str,
    project: InProject,
    *,
    version: NewestVersion = None,
    rows: Annotated[Path | None, typer.Option("--rows", help="of this file; without it, of all rows counted")] = None,
    output: Annotated[Path | None, typer.Option("--output", help="write it there, to be read and saved")] = None,
    user: ActAs = None,
) -> None:
    """Print a suite, as JSON, that the rows of a version meet, or those of a file."""
    group = group_of(name, version, project, user)
    text = json.dumps(
        group.suggest_expectations(None if rows is None else _frame(rows, group)).to_json_dict(), indent=2
    )
    if output is None:
        typer.echo(text)
        return
    output.write_text(text + "\n", encoding="utf-8")
    tell(False, {}, f"{output}: read it, then `headrace validation save {name} {output} --project {project}`")


@app.command("run")
@told
def run_(
    name: str,
    rows: Annotated[Path, typer.Argument(help="a parquet, arrow, csv, tsv or jsonl file")],
    project: InProject,
    *,
    version: NewestVersion = None,
    suite: Annotated[Path | None, typer.Option("--suite", help="compare with this file, not the group's own")] = None,
    save_report: Annotated[bool, typer.Option("--save-report", help="keep the report with the group")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Compare the rows of a file with what is expected, and insert nothing; exit status 1 where they are not so."""
    group = group_of(name, version, project, user)
    report = group.validate(_frame(rows, group), None if suite is None else read_suite(suite), save_report=save_report)
    if report is None:
        refuse(f"feature group {name} expects nothing of its rows", _NONE)
    if as_json:
        tell(as_json, report.to_json_dict(), "")
    else:
        tell(as_json, {}, f"{report.rows} rows: {report}")
    raise typer.Exit(0 if report.success else 1)


@app.command("reports")
@told
def reports(
    name: str,
    project: InProject,
    *,
    version: NewestVersion = None,
    limit: Annotated[int, typer.Option("--limit", help="the last ones")] = 20,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show the last reports of what came, the newest first."""
    found = group_of(name, version, project, user).get_all_validation_reports(limit)
    rows = [_row(report) for report in found]
    tell_rows(as_json, rows, ("number", "time", "rows", "success", "ingestion", "said"))


def read_suite(file: Path) -> ExpectationSuite:
    """The suite in the file; raises Invalid."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Invalid(f"there is no file {file}", code="no-such-file") from None
    except (OSError, ValueError) as error:
        raise Invalid(f"{file} is no JSON: {error}", code="unreadable-file") from error
    return ExpectationSuite.of(said)


def _frame(file: Path, group: Any) -> Any:
    from headrace_cli.frames import read_file  # noqa: PLC0415 - Arrow takes a while to load

    return read_file(file, group.features)


def _tell_suite(suite: ExpectationSuite, *, as_json: bool) -> None:
    if as_json:
        run, policy = suite.run_validation, suite.validation_ingestion_policy
        tell(as_json, {**suite.to_json_dict(), "run_validation": run, "validation_ingestion_policy": policy}, "")
        return
    looked_at = suite.validation_ingestion_policy if suite.run_validation else "not looked at by inserts"
    tell(as_json, {}, f"{suite.expectation_suite_name}: {looked_at}")
    rows = [{"expectation": one.expectation_type, "of": as_text(dict(one.kwargs))} for one in suite.expectations]
    tell_rows(as_json, rows, ("expectation", "of"))


def _row(report: ValidationReport) -> dict[str, Any]:
    return {
        "number": report.number,
        "time": report.validation_time,
        "rows": report.rows,
        "success": report.success,
        "ingestion": report.ingestion_result,
        "said": str(report),
    }
