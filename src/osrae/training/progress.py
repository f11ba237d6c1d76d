"""A progress bar for training, on standard error."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from osrae.training.callbacks import NOT_LOSSES, Callback, TrainingState

__all__ = ["ProgressBar"]


class ProgressBar(Callback):
    """Shows steps per second, each loss, validation ACSA and the time left.

    On something other than a terminal, such as a log file, one line per evaluation is printed
    instead.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)

    def on_start(self, state: TrainingState) -> None:
        """Begin the bar at the step that the run begins at."""
        self.progress = Progress(
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            # On a narrow terminal the losses are what is cut off.
            TextColumn(
                "{task.fields[scores]}",
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=self.console,
            disable=not self.console.is_terminal,
            expand=True,
        )
        self.progress.start()
        self.task = self.progress.add_task(
            "training", total=state.max_steps, completed=state.step, rate="", scores=""
        )

    def on_step(self, state: TrainingState) -> None:
        """Advance the bar."""
        speed = self.progress.tasks[0].speed
        rate = f"{speed:.1f} steps/s" if speed else ""
        scores = _scores(state.losses, _latest_acsa(state))
        self.progress.update(self.task, completed=state.step, rate=rate, scores=scores)

    def on_evaluation(self, state: TrainingState) -> None:
        """Print a line where there is no bar."""
        if self.console.is_terminal:
            return
        row = state.history[-1]
        losses = {name: row[name] for name in row if name not in NOT_LOSSES}
        self.console.print(
            f"step {state.step}/{state.max_steps}  {_scores(losses, _latest_acsa(state))}  "
            f"{row['seconds']:.0f} s",
            soft_wrap=True,
        )

    def on_end(self, state: TrainingState) -> None:
        """Leave the finished bar on the screen."""
        self.progress.stop()


def _latest_acsa(state: TrainingState) -> float | None:
    return state.history[-1]["validation_acsa"] if state.history else None


def _scores(losses: dict[str, float], acsa: float | None) -> str:
    shown = [f"{name} {value:.3g}" for name, value in losses.items()]
    return "  ".join(([] if acsa is None else [f"val. ACSA {100 * acsa:.1f} %"]) + shown)
