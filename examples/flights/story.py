"""Telling a story step by step: a title, what happens, seconds, one line of result, and the report at the end."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table


@dataclass(slots=True)
class Chapter:
    """One step of the story and what it measured."""

    number: str
    title: str
    result: str = ""
    seconds: float = 0.0
    figures: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Story:
    """The chapters so far, told on a terminal."""

    console: Console = field(default_factory=lambda: Console(highlight=False))
    chapters: list[Chapter] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def chapter(self, number: str, title: str) -> Iterator[Chapter]:
        """Tell one chapter; `result` and `figures` are set inside."""
        told = Chapter(number, title)
        self.console.rule(f"[bold]{number}. {title}", align="left")
        began = time.monotonic()
        try:
            yield told
        finally:
            told.seconds = round(time.monotonic() - began, 2)
            self.chapters.append(told)
        self.console.print(f"[green]✓[/] {told.result} [dim]({told.seconds:.1f} s)[/]")

    def say(self, line: str) -> None:
        """One line of what happens."""
        self.console.print(f"  [dim]{time.monotonic() - self.began:6.1f} s[/]  {line}")

    def quote(self, line: str) -> None:
        """One line as somebody else wrote it; its brackets are theirs."""
        self.say(escape(line))

    def close(self, path: Path, more: dict[str, object]) -> None:
        """The closing table, and the report as JSON."""
        table = Table(title="What happened", show_lines=False)
        for column in ("step", "what", "result", "seconds"):
            table.add_column(column, justify="right" if column == "seconds" else "left", overflow="fold")
        for chapter in self.chapters:
            table.add_row(chapter.number, chapter.title, chapter.result, f"{chapter.seconds:.1f}")
        total = time.monotonic() - self.began
        table.add_section()
        table.add_row("", "in all", "", f"{total:.1f}")
        self.console.print(table)
        report = {
            **more,
            "seconds": round(total, 2),
            "steps": [
                {
                    "step": chapter.number,
                    "title": chapter.title,
                    "result": chapter.result,
                    "seconds": chapter.seconds,
                    **chapter.figures,
                }
                for chapter in self.chapters
            ],
        }
        path.write_text(json.dumps(report, indent=2, default=str) + "\n")
        self.console.print(f"The figures are in [bold]{path}[/].")
