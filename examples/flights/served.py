"""Step 5: the best trial becomes a model version, and is served."""

from flights.access import must_be_refused, produce
from flights.data import between, day
from flights.program import INPUTS
from flights.stage import Stage
from flights.story import Chapter
from headrace import Deployment, ExperimentResult, Forbidden

NAME = "late"


def play(stage: Stage, chapter: Chapter, result: ExperimentResult) -> Deployment:
    """Register as the scientist, who is refused what is the owner's; deploy as the owner."""
    story, cast = stage.story, stage.cast
    model = cast.scientist.get_model_registry().sklearn.create_model(
        NAME,
        metrics={"auc": result.best_val or 0.0},
        description="Will this flight arrive over 15 minutes late?",
        inputs=INPUTS,
        experiment=result,
        predict_with="predict_proba",
    )
    model.save(result.checkpoint())
    story.say(f"model {model.name} version {model.version}, from trial {model.trial}")
    try:
        model.deploy(NAME, wait=False)
    except Forbidden as refusal:
        story.say(f"the scientist deploys: [red]{refusal}[/]")
    else:
        raise AssertionError("a Data Scientist could deploy")
    files = cast.scientist.client_files().librdkafka()
    for topic in (f"{cast.name}.features.flights.1", f"{cast.name}.outcomes"):
        story.say(f"the scientist produces to {topic}: [red]{must_be_refused(produce(files, topic), topic)}[/]")
    deployment = cast.owner.get_model_registry().get_model(NAME, model.version).deploy(NAME)
    story.say(f"deployment {deployment.name} answers")
    flight = between(stage.year.flights, "scheduled", day(6, 30), day(7, 1)).row(0, named=True)
    asked = cast.scientist.get_model_serving().get_deployment(NAME)
    answer = asked.predict(
        inputs=[{"flight_id": flight["flight_id"]}], event_time=flight["scheduled"], allow_missing=True
    )
    story.say(f"{flight['flight_id']}, by key alone: {answer['predictions'][0]:.3f}")
    chapter.figures = {"model": f"{model.name} version {model.version}", "deployment": deployment.name}
    chapter.result = f"model {model.name} version {model.version} answers behind the gateway, features read by key"
    return asked
