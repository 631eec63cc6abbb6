# SPDX-License-Identifier: GPL-2.0-only
"""The bench list: how long a look at a large machine takes, and memhpctl status there. selftests/bench/list.sh says what the
metrics are.

No memory is plugged, so there is no guest: it runs in the build root of one, on a tree in memory.
"""
import machine
import measure

NAME = "list"
TITLE = "list 131072 memory blocks, and their status"
IN_ROOT = True
OPTIONS = machine.Options()
BASELINE = "lsmem"
CONTENDERS = (BASELINE, "memhpctl")
INSTALL = "install-userspace"
ROUNDS, LONG_ROUNDS = 10, 40
ROUND_SECONDS = 120
BAR = 0.4
STATUS_BAR = 20e6


def words(_):
    """The script takes none."""
    return ()


def unit(_):
    """Of the samples."""
    return "ns"


def judge(samples):
    """The Results."""
    for metric in ("list", "same"):
        yield measure.Result(metric, "memhpctl", BASELINE, "", *measure.ratio(
            samples.rounds("memhpctl", metric), samples.rounds(BASELINE, metric)), BAR)
    for metric, bar in (("status", STATUS_BAR), ("status_worst", None)):
        yield measure.Result(metric, "memhpctl", None, "ns",
                             *measure.median(samples.rounds("memhpctl", metric)), bar)
