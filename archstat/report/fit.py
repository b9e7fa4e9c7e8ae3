"""How large a batch fits a memory."""

import msgspec


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest ``batch`` whose step of training takes no more than ``memory``; 0 where none does.

    ``written`` is the memory as it was asked for, ``spare`` what is left of it, ``next`` the next larger batch that
    gives a network, if there is one, and ``next_peak`` what a step with that takes. All in bytes. ``buckets`` says that
    DDP's are counted, which is so on several GPUs.
    """

    memory: int
    written: str
    batch: int
    spare: int
    next: int | None
    next_peak: int | None
    buckets: bool = False

    def numbers(self) -> dict[str, int | None]:
        """Return the numbers as machines get them, by key."""
        return {
            "memory_bytes": self.memory,
            "largest_batch": self.batch,
            "spare_bytes": self.spare,
            "next_batch": self.next,
            "next_training_peak_bytes": self.next_peak,
        }
