"""Where the chunks of an E-step are worked on: here, in other processes, on a Dask cluster. Same numbers everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Final

from irt.estep import Executor, serial

_PATIENCE: Final = 30.0  # seconds for a scheduler or a first worker to answer

_HERE: dict[int, Any] = {}  # chunks of a worker process, by number


class NoCluster(ValueError):
    """A Dask cluster that cannot be worked on; says what to do."""


def _remember(parts: Sequence[Any]) -> None:
    _HERE.update(enumerate(parts))


def _on_chunk(function: Any, number: int, argument: Any) -> Any:
    return function(_HERE[number], argument)


def _unchanged(part: Any) -> Any:
    return part


@contextmanager
def executor(parts: Sequence[Any], *, workers: int = 1, dask: str | None = None) -> Iterator[Executor]:
    """What calibration hands the chunks to.

    Parameters
    ----------
    parts : sequence
        The chunks, sent once: a worker keeps what it got.
    workers : int
        Processes on this machine.
    dask : str, optional
        Address of the scheduler of a cluster, which needs the extra `dask`.

    Raises
    ------
    NoCluster
    """
    if dask is not None:
        with _cluster(parts, dask) as found:
            yield found
    elif workers > 1:
        with _processes(parts, workers) as found:
            yield found
    else:
        yield serial


@contextmanager
def _processes(parts: Sequence[Any], workers: int) -> Iterator[Executor]:
    numbers = {id(part): number for number, part in enumerate(parts)}
    # fork would copy the threads of polars and BLAS in the middle of what they do
    with ProcessPoolExecutor(workers, get_context("spawn"), _remember, (tuple(parts),)) as pool:

        def run(function: Any, own: Sequence[Any], argument: Any) -> Iterable[Any]:
            waiting = []
            for part in own:
                number = numbers.get(id(part))
                if number is None:
                    waiting.append(pool.submit(function, part, argument))
                else:
                    waiting.append(pool.submit(_on_chunk, function, number, argument))
            return (one.result() for one in waiting)

        yield run


@contextmanager
def _cluster(parts: Sequence[Any], address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise NoCluster("a Dask cluster needs the extra `dask`: pip install palier[dask]") from None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NoCluster(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise NoCluster(
                f"the Dask scheduler at {address} has no worker: start `dask worker {address}`"
            ) from None
        held = {id(part): client.submit(_unchanged, part, pure=False) for part in parts}

        def run(function: Any, own: Sequence[Any], argument: Any) -> Iterable[Any]:
            sent = client.scatter(argument, broadcast=True, hash=False)  # type: ignore[no-untyped-call]
            waiting = [client.submit(function, held.get(id(part), part), sent, pure=False) for part in own]
            return (one.result() for one in waiting)

        yield run
