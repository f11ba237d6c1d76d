from __future__ import annotations

import io

from rich.console import Console

from osrae.training.callbacks import TrainingState
from osrae.training.progress import ProgressBar


def run(terminal: bool, width: int = 120) -> str:
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=width, legacy_windows=False)
    bar, state = ProgressBar(console), TrainingState(max_steps=20)
    bar.on_start(state)
    for step in range(1, 21):
        state.step, state.losses = step, {"encoder": 1.25, "critic": -0.5}
        if step == 10:
            row = {"step": 10, "encoder": 2.5, "validation_acsa": 0.875, "seconds": 3.2}
            state.history.append(row)
            bar.on_evaluation(state)
        bar.on_step(state)
    bar.on_end(state)
    return text.getvalue()


def test_a_terminal_shows_steps_losses_score_and_time():
    shown = run(terminal=True)
    for part in ("20/20", "encoder 1.25", "critic -0.5", "val. ACSA 87.5 %", "0:00:0"):
        assert part in shown


def test_a_narrow_terminal_cuts_the_losses_off_first():
    shown = run(terminal=True, width=72)
    for part in ("20/20", "steps/s", "0:00:0", "val. ACSA 87.5 %"):
        assert part in shown


def test_a_log_file_gets_one_line_per_evaluation():
    assert run(terminal=False).splitlines() == ["step 10/20  val. ACSA 87.5 %  encoder 2.5  3 s"]
