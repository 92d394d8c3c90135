"""What is sent about feature views."""

from typing import Annotated, Literal

from pydantic import Field

from headrace_api.body import Body, Name, Text
from headrace_events.feature_filter import MOST_CHARACTERS, MOST_VALUES
from headrace_events.transformation import MOST_TRANSFORMATIONS
from headrace_events.transformation_function import MOST_ARGUMENTS, MOST_RETURNED

FilterText = Annotated[str, Field(max_length=MOST_CHARACTERS)]


class Selection(Body):
    """Features of one version of a group."""

    group: Name
    version: int
    features: list[Name]
    prefix: Name = Field(default="", description="goes before their names in the view")
    project: Name | None = Field(default=None, description="the other project that shares the group; null: this one")


class KeyColumns(Body):
    """Equal columns of a join."""

    left: Name = Field(description="of the root group")
    right: Name = Field(description="of the joined group")


class NewJoin(Body):
    """A group joined to the root as of the root's event time."""

    selection: Selection
    on: list[KeyColumns]
    kind: Literal["left", "inner"] = "left"
    lookback_seconds: int | None = Field(default=None, description="how long a row counts after its event time")


class NewCondition(Body):
    """A comparison with a column of the root group, or of a joined one."""

    column: Name
    join: int | None = Field(default=None, description="the number of the join, from 0; null: the root group")
    operator: Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in", "is null", "is not null"]
    values: list[FilterText] = Field(
        default_factory=list,
        max_length=MOST_VALUES,
        description="one for a comparison, some for in, none for a test for null; as texts: numbers, true or false,"
        " ISO 8601 (UTC without a zone), base64",
    )


class NewFilter(Body):
    """Keeps the examples for which any of these holds."""

    any_of: list[NewCondition]


class NewTransformation(Body):
    """A transformation function applied to columns of the view."""

    function: Name
    version: int | None = Field(default=None, description="null: the function is built in")
    columns: list[Name] = Field(max_length=MOST_ARGUMENTS)
    parameters: Text = Field(default="{}", description="of a function that is built in: the text of a JSON object")
    outputs: list[Name] = Field(
        default_factory=list,
        max_length=MOST_RETURNED,
        description="what the columns that come out are called; else <function>_<columns>_, with numbers where there"
        " are several",
    )


class NewFeatureView(Body):
    """A version of a view to be."""

    name: Name
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    description: Text = ""
    root: Selection = Field(description="its rows are the examples")
    joins: list[NewJoin] = Field(default_factory=list)
    labels: list[Name] = Field(default_factory=list, description="columns of the view to predict")
    inference_helpers: list[Name] = Field(
        default_factory=list, description="columns that no model sees, to be asked for beside a vector"
    )
    training_helpers: list[Name] = Field(
        default_factory=list, description="columns that no model sees, to be read beside training data"
    )
    filters: list[NewFilter] = Field(default_factory=list, description="each has to keep an example of training data")
    known_at: bool = Field(
        default=False, description="whether an example sees only rows that were known at its event time"
    )
    transformations: list[NewTransformation] = Field(
        default_factory=list,
        max_length=MOST_TRANSFORMATIONS,
        description="applied when training data and vectors are read for a model",
    )
