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


class _OfThing:
    """What names the thing."""

    __slots__ = ()
    kind_of: Annotated
    name: str
    version: int

    @property
    def key(self) -> str:
        return thing_key(self.kind_of, self.name, self.version)


@command("annotation.describe")
class Describe(_OfThing, Command):
    """Say what the thing is; a `feature` narrows it to one feature of a group."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    description: str
    feature: str | None = None


@command("annotation.deprecate")
class Deprecate(_OfThing, Command):
    """Say whether the thing is to be used no more."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    deprecated: bool


@command("annotation.change_keywords")
class ChangeKeywords(_OfThing, Command):
    """Add some keywords and take others away; `replace` takes all others away."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replace: bool = False


@command("annotation.tag")
class Tag(_OfThing, Command):
    """Put a tag on the thing, or another value in its place; `value` is the text of JSON."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    tag: str
    value: str


@command("annotation.untag")
class Untag(_OfThing, Command):
    """Take a tag away."""

    project: str
    kind_of: Annotated
    name: str
    version: int
    tag: str


@event("annotation.described")
class Described(_OfThing, Event):
    """The thing (or one feature of it) is said to be this."""

    kind_of: Annotated
    name: str
    version: int
    description: str
    feature: str | None = None


@event("annotation.deprecated")
class Deprecated(_OfThing, Event):
    """The thing is to be used no more, or it is again."""

    kind_of: Annotated
    name: str
    version: int
    deprecated: bool


@event("annotation.keywords_set")
class KeywordsSet(_OfThing, Event):
    """These are all keywords of the thing, in alphabetical order."""

    kind_of: Annotated
    name: str
    version: int
    keywords: tuple[str, ...]


@event("annotation.tagged")
class Tagged(_OfThing, Event):
    """The thing has the tag with this value, the text of JSON."""

    kind_of: Annotated
    name: str
    version: int
    tag: str
    value: str


@event("annotation.untagged")
class Untagged(_OfThing, Event):
    """The thing has the tag no more."""

    kind_of: Annotated
    name: str
    version: int
    tag: str
