import io
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.child import FORKS
from osrae.benchmark.outcomes import read_packed

from .processes import child_processes, wait_for

QUICK = Cell(data="keel/glass", method="logistic-regression")
forks = pytest.mark.skipif(not FORKS, reason="cells are not forked here")

#: A child whose libraries greet, in Python and, as compiled ones do, below it, and then do more.
_CHANGED = """
import os, signal, sys
from osrae.benchmark import child

run = child._run

def changed(**request):
    print("hello", flush=True)
    os.write(1, b"from below")
    {then}
    return run(**request)

child._run = changed
{first}
child.main()
"""


def program(then="pass", first=""):
    return [sys.executable, "-c", _CHANGED.format(then=then, first=first)]


def requests(number):
    request = {"cell": QUICK.to_dict(), "folder": None, "unfinished": None, "environment": {},
               "directory": os.getcwd()}  # fmt: skip
    return (json.dumps(request) + "\n").encode() * number


def outcomes(command, number=2):
    done = subprocess.run(command, input=requests(number), capture_output=True, check=True)
    stream = io.BytesIO(done.stdout)
    return list(iter(lambda: read_packed(stream), None))


@forks
def test_what_libraries_print_is_no_part_of_an_outcome():
    told = outcomes(program())
    assert [outcome.content["status"] for outcome in told] == ["done", "done"]
    with np.load(io.BytesIO(told[0].arrays), allow_pickle=False) as arrays:
        assert "test/predicted" in arrays


@forks
@pytest.mark.parametrize(
    ("then", "kind"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "Killed"),
        ("sys.exit(3)", "Died"),
    ],
)
def test_a_cell_that_dies_takes_nothing_with_it(then, kind):
    told = outcomes(program(then))
    assert [outcome.content["error"]["type"] for outcome in told] == [kind, kind]
    assert told[0].content["cell"] == QUICK.to_dict()
    assert told[0].content["error"]["traceback"] == "hello\nfrom below"


def test_without_forks_it_answers_once():
    told = outcomes(program(first="child.FORKS = False"))
    assert [outcome.content["status"] for outcome in told] == ["done"]


@forks
def test_a_cell_ends_with_who_waits_for_it():
    code = "import time; time.sleep(600)"
    command = [*program(code), "osrae.benchmark.child"]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    parent.stdin.write(requests(1))
    parent.stdin.flush()

    def cells():
        return [number for number, by in child_processes().items() if by == parent.pid]

    (cell,) = wait_for(cells)
    parent.stdout.close()  # as the system does when the other end is killed
    assert parent.wait(60) == 0
    parent.stdin.close()
    wait_for(lambda: not os.path.exists(f"/proc/{cell}"))


@forks
def test_a_cell_ends_with_what_it_forked_from():
    command = [*program("import time; time.sleep(600)"), "osrae.benchmark.child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        parent.stdin.write(requests(1))
        parent.stdin.flush()
        (cell,) = wait_for(lambda: [n for n, by in child_processes().items() if by == parent.pid])
        parent.send_signal(signal.SIGKILL)
    wait_for(lambda: not os.path.exists(f"/proc/{cell}"))


@forks
def test_a_result_that_cannot_be_written_says_why():
    spoil = (
        "import osrae.benchmark.running as r; "
        "first = r.run_cell; "
        "r.run_cell = lambda *a: (first(*a)[0] | {'x': float('nan')}, {})"
    )
    told = outcomes(program(first=spoil), 1)
    assert told[0].content["error"]["type"] == "ValueError"
    assert "JSON" in told[0].content["error"]["message"]
