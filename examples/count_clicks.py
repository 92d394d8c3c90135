"""A job that knows only confluent-kafka: `project.producer()` and `project.consumer()` are all it needs of Headrace.

eval "$(headrace env --project flights)"
headrace topic create clicks --project flights
python examples/count_clicks.py
"""

from collections import Counter

import headrace

PAGES = ("home", "search", "flight", "search", "home", "search")


def main() -> None:
    """Produce a few clicks, read them back with a group of the project, and count them by page."""
    project = headrace.login()
    producer = project.producer("clicks")
    for number, page in enumerate(PAGES):
        producer.produce(f"{project.name}.topics.clicks", key=f"visitor-{number % 2}", value=page)
    producer.flush()

    counts: Counter[str] = Counter()
    consumer = project.consumer("clicks", group="count-clicks")
    while counts.total() < len(PAGES):
        message = consumer.poll(1.0)
        if message is None:
            continue
        error = message.error()
        if error is not None:
            raise SystemExit(error.str())
        value = message.value()
        counts[value.decode() if isinstance(value, bytes) else str(value)] += 1
    consumer.commit(asynchronous=False)
    consumer.close()
    for page, count in counts.most_common():
        print(f"{count:3d}  {page}")


if __name__ == "__main__":
    main()
