"""The same work for many things, in several processes where the system can fork; answers in the order of the things."""

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any, TypeVar

from archstat.errors import ArchstatError

A = TypeVar("A")
B = TypeVar("B")

_PORTION = 32
"""Things between two messages of a process."""

_AHEAD = 2
"""Portions that a process has at a time: it goes on with one while its answer to the other is read."""

_KILLED = "one of the processes was killed"


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
    for start in range(0, len(things), portion):
        found += map(work, things[start : start + portion])
        if step is not None:
            step(len(found))
    return found


def _forked(
    work: Callable[[A], B],
    things: Sequence[A],
    jobs: int,
    step: Callable[[int], None] | None,
    portion: int,
) -> list[B]:
    context = multiprocessing.get_context("fork")
    starts = iter(range(0, len(things), portion))
    answers: dict[int, list[B]] = {}
    done = 0
    processes: list[ForkProcess] = []
    pipes: list[Connection] = []
    try:
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve, args=(work, things, portion, theirs), daemon=True
            )
            process.start()
            theirs.close()
            processes.append(process)
            pipes.append(ours)
        for pipe in pipes * _AHEAD:
            _hand(pipe, starts)
        while done < len(things):
            for ready in wait(pipes):
                assert isinstance(ready, Connection)
                start, some = _answer(ready)
                answers[start] = some
                done += len(some)
                _hand(ready, starts)
                if step is not None:
                    step(done)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
    return [one for start in sorted(answers) for one in answers[start]]


def _hand(pipe: Connection, starts: Iterator[int]) -> None:
    """Give a process the next portion, if there is one: whoever is quick gets more."""
    start = next(starts, None)
    if start is None:
        return
    try:
        pipe.send(start)
    except OSError:
        raise LostError(_KILLED, hint="try --jobs 1") from None


def _answer(pipe: Connection) -> tuple[int, list[Any]]:
    try:
        found: tuple[int, list[Any]] | Exception = pipe.recv()
    except (EOFError, OSError):
        raise LostError(_KILLED, hint="try --jobs 1") from None
    if isinstance(found, Exception):
        raise found
    return found


def _serve(work: Callable[[A], B], things: Sequence[A], portion: int, pipe: Connection) -> None:
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was read before the fork needs no looking through, and what a build leaves goes by itself.
    gc.freeze()
    gc.set_threshold(100_000)
    try:
        while True:
            start = pipe.recv()
            pipe.send((start, list(map(work, things[start : start + portion]))))
    except EOFError:
        return  # the first process has ended
    except Exception as error:  # whatever it is, the first process raises it
        pipe.send(error)
