import io
import signal

import pytest

from osrae.benchmark.outcomes import Outcome, ended, packed, read_packed

OUTCOME = Outcome({"status": "done", "name": "Löwe\n"}, b"\nosrae outcome: 1 2\n")
PACKED = packed(OUTCOME)


@pytest.mark.parametrize("greeting", [b"", b"hello\n", b"hello"])
def test_outcomes_are_read_one_after_the_other(greeting):
    stream = io.BytesIO(greeting + PACKED + greeting + packed(Outcome({})))
    assert read_packed(stream) == OUTCOME
    assert read_packed(stream) == Outcome({})
    assert read_packed(stream) is None


def test_a_part_of_an_outcome_is_none():
    assert all(read_packed(io.BytesIO(PACKED[:size])) is None for size in range(len(PACKED)))


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (-signal.SIGKILL, "Killed", "SIGKILL; the system does so when memory runs out"),
        (-signal.SIGSEGV, "Killed", "SIGSEGV"),
        (-signal.SIGINT, "Died", "SIGINT"),
        (3, "Died", "code 3"),
        (0, "Died", "code 0"),
    ],
)
def test_a_process_that_leaves_nothing_is_an_outcome(code, kind, said):
    cell = {"data": "keel/glass"}
    outcome = ended(cell, code, io.BytesIO(b"last words"))
    assert outcome.content["status"] == "failed"
    assert outcome.content["cell"] == cell
    error = outcome.content["error"]
    assert error["type"] == kind
    assert said in error["message"]
    assert error["traceback"] == "last words"
