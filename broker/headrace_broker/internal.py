"""What must be on the brokers before anything of ours can run: internal topics and the servers' access rules."""

from headrace_broker.acls import service_rules
from headrace_broker.admin import Admin
from headrace_broker.connection import Connection, connection_from
from headrace_broker.topics import INTERNAL


def prepare(connection: Connection) -> None:
    """Make the internal topics and the servers' rules where they are missing; needs the broker's own certificate.

    Topics that an earlier release made get the settings of this one.
    """
    admin = Admin(connection)
    admin.create_topics(INTERNAL)
    for spec in INTERNAL:
        if not admin.is_as(spec):
            admin.change_topic(spec)
    missing = service_rules() - admin.rules()
    admin.set_rules(add=missing)


if __name__ == "__main__":
    prepare(connection_from())
