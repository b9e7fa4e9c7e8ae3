"""The same work for many things, in several processes where the system can fork; answers in the order of the things."""

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import TypeVar

from archstat.errors import ArchstatError

A = TypeVar("A")
B = TypeVar("B")

_PORTION = 32
"""Things between two messages of a process."""


class LostError(ArchstatError):
    """A process ended before its work was done."""

    exit_code = 70


def each(
    work: Callable[[A], B],
    things: Sequence[A],
    jobs: int = 1,
    step: Callable[[int], None] | None = None,
    portion: int = _PORTION,
) -> list[B]:
    """Return what ``work`` makes of each thing; ``step`` is told how many are done, after each ``portion`` of them.

    With more than one job the processes are forks of this one, so that they have all that it has read. They end when
    this one is interrupted. Raises a LostError if one is killed.
    """
    if jobs > 1 and len(things) > 1 and "fork" in multiprocessing.get_all_start_methods():
        return _forked(work, things, min(jobs, len(things)), step, portion)
    found: list[B] = []
    for some in _portions(things, portion):
        found += map(work, some)
        if step is not None:
            step(len(found))
    return found


def _portions(
    things: Sequence[A], portion: int, first: int = 0, stride: int = 1
) -> Iterator[Sequence[A]]:
    for start in range(first * portion, len(things), stride * portion):
        yield things[start : start + portion]


def _forked(
    work: Callable[[A], B],
    things: Sequence[A],
    jobs: int,
    step: Callable[[int], None] | None,
    portion: int,
) -> list[B]:
    context = multiprocessing.get_context("fork")
    processes: list[ForkProcess] = []
    answers: dict[Connection, list[list[B]]] = {}
    done = 0
    try:
        for number in range(jobs):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=_serve, args=(work, things, portion, number, jobs, theirs), daemon=True
            )
            process.start()
            theirs.close()
            processes.append(process)
            answers[ours] = []
        open_pipes = list(answers)
        while open_pipes:
            for pipe in wait(open_pipes):
                assert isinstance(pipe, Connection)
                try:
                    some = pipe.recv()
                except EOFError:
                    raise LostError(
                        "one of the processes was killed", hint="try --jobs 1"
                    ) from None
                if some is None:
                    open_pipes.remove(pipe)
                    continue
                if isinstance(some, Exception):
                    raise some
                answers[pipe].append(some)
                done += len(some)
                if step is not None:
                    step(done)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
    # Each process took every so manieth portion.
    streams = [iter(portions) for portions in answers.values()]
    count = -(-len(things) // portion)
    return [one for at in range(count) for one in next(streams[at % jobs])]


def _serve(
    work: Callable[[A], B],
    things: Sequence[A],
    portion: int,
    number: int,
    jobs: int,
    pipe: Connection,
) -> None:
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was read before the fork needs no looking through, and what a build leaves goes by itself.
    gc.freeze()
    gc.set_threshold(100_000)
    try:
        for some in _portions(things, portion, number, jobs):
            pipe.send([work(thing) for thing in some])
        pipe.send(None)
    except Exception as error:  # whatever it is, the first process raises it
        pipe.send(error)
