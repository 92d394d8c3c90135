"""The `headrace` command."""

import typer

from headrace_cli import (
    account,
    audit,
    authorities,
    certificates,
    consistency,
    environment,
    external_feature_groups,
    feature_groups,
    feature_monitors,
    feature_views,
    groups,
    identities,
    kafka,
    keys,
    members,
    projects,
    schemas,
    searching,
    shares,
    stack,
    storage_connectors,
    streaming_groups,
    topics,
    training_datasets,
    transformations,
    users,
    validation,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Headrace: operate machine learning on a log of events.",
)
app.command("up")(stack.up)
app.command("down")(stack.down)
app.command("status")(stack.status)
app.command("rebuild")(stack.rebuild)
app.command("backup")(stack.backup)
app.command("restore")(stack.restore)
app.command("env")(environment.environment)
app.command("login")(account.login)
app.command("logout")(account.logout)
app.command("whoami")(account.whoami)
app.add_typer(account.passwords, name="password")
app.add_typer(account.codes, name="totp")
app.add_typer(account.sessions, name="session")
app.add_typer(identities.identities, name="identity")
app.command("audit")(audit.audit)
app.add_typer(users.app, name="user")
app.add_typer(users.app, name="people", help="The same as `user`.")
app.add_typer(keys.app, name="key")
app.add_typer(projects.app, name="project")
app.add_typer(members.app, name="member")
app.add_typer(certificates.app, name="certificates")
app.add_typer(authorities.app, name="ca")
app.add_typer(topics.app, name="topic")
app.add_typer(feature_groups.app, name="feature-group")
app.add_typer(streaming_groups.app, name="streaming-group")
app.add_typer(validation.app, name="validation")
app.add_typer(storage_connectors.app, name="storage-connector")
app.add_typer(external_feature_groups.app, name="external-feature-group")
app.add_typer(feature_views.app, name="feature-view")
app.add_typer(transformations.app, name="transformation")
app.add_typer(training_datasets.app, name="training-dataset")
app.add_typer(feature_monitors.app, name="feature-monitor")
app.command("search")(searching.search)
app.add_typer(shares.app, name="share")
app.add_typer(groups.app, name="group")
app.add_typer(consistency.app, name="consistency")
app.add_typer(kafka.app, name="kafka")
app.add_typer(schemas.app, name="schema")

if __name__ == "__main__":
    app()
