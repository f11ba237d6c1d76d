from __future__ import annotations

import threading

import torch

from osrae.training.seeding import STREAMS, fresh_generator, reseed, seeded_initialisation


def draw(*key) -> tuple:
    return tuple(torch.rand(4, generator=fresh_generator(*key)).tolist())


def test_every_seed_stream_and_step_has_numbers_of_its_own():
    keys = [(seed, stream, step) for seed in (0, 1) for stream in STREAMS for step in (0, 1)]
    assert len({draw(*key) for key in keys}) == len(keys)
    assert draw(3, "training", 7) == draw(3, "training", 7)


def test_reseeding_forgets_what_was_drawn():
    generator = torch.Generator()
    torch.rand(100, generator=generator)
    reseed(generator, 3, "training", 7)
    assert tuple(torch.rand(4, generator=generator).tolist()) == draw(3, "training", 7)


def test_initialisation_leaves_the_callers_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with seeded_initialisation(1):
        first = torch.nn.Linear(3, 3).weight
    assert torch.equal(torch.rand(3), expected)
    with seeded_initialisation(1):
        assert torch.equal(torch.nn.Linear(3, 3).weight, first)


def test_networks_that_threads_build_side_by_side_are_those_of_their_seeds():
    def build(seed):
        with seeded_initialisation(seed):
            pause.wait(timeout=0.2)  # in which another thread would seed, too
            return torch.rand(4).tolist()

    pause = threading.Event()
    expected = [build(seed) for seed in (0, 1)]
    built = {}
    threads = [
        threading.Thread(target=lambda seed=seed: built.update({seed: build(seed)}))
        for seed in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [built[0], built[1]] == expected
