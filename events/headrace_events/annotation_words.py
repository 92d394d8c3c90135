"""The words of annotations: what members say about a version of a feature group or a feature view."""

from enum import StrEnum

from headrace_events.language import Command, Event, command, event


class Annotated(StrEnum):
    """The kinds of things that are annotated."""

    FEATURE_GROUP = "feature_group"
    FEATURE_VIEW = "feature_view"


def thing_key(kind: Annotated, name: str, version: int) -> str:
    """What the thing is called among all that are annotated: its node in the lineage graph."""
    return f"{kind}:{name}.{version}"


@command("annotation.describe")
class Describe(Command):
    """Say what the thing is; a `feature` narrows it to one feature of a group."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    description: str
    feature: str | None = None

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@command("annotation.deprecate")
class Deprecate(Command):
    """Say whether the thing is to be used no more."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    deprecated: bool

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@command("annotation.change_keywords")
class ChangeKeywords(Command):
    """Add some keywords and take others away; `replace` takes all others away."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replace: bool = False

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@command("annotation.tag")
class Tag(Command):
    """Put a tag on the thing, or another value in its place; `value` is the text of JSON."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    tag: str
    value: str

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@command("annotation.untag")
class Untag(Command):
    """Take a tag away."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    tag: str

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@event("annotation.described")
class Described(Event):
    """The thing (or one feature of it) is said to be this."""

    kind_of: Annotated
    name: str
    version: int
    description: str
    feature: str | None = None

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@event("annotation.deprecated")
class Deprecated(Event):
    """The thing is to be used no more, or it is again."""

    kind_of: Annotated
    name: str
    version: int
    deprecated: bool

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@event("annotation.keywords_set")
class KeywordsSet(Event):
    """These are all keywords of the thing, in alphabetical order."""

    kind_of: Annotated
    name: str
    version: int
    keywords: tuple[str, ...]

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@event("annotation.tagged")
class Tagged(Event):
    """The thing has the tag with this value, the text of JSON."""

    kind_of: Annotated
    name: str
    version: int
    tag: str
    value: str

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@event("annotation.untagged")
class Untagged(Event):
    """The thing has the tag no more."""

    kind_of: Annotated
    name: str
    version: int
    tag: str

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)
