from __future__ import annotations

import pickle

from osrae.errors import TrainingDivergedError


def test_an_error_of_a_worker_process_arrives_whole():
    error = pickle.loads(pickle.dumps(TrainingDivergedError("m", network="critic", step=3)))
    assert (str(error), error.network, error.step) == ("m", "critic", 3)
