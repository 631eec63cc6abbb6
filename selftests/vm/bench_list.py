# SPDX-License-Identifier: GPL-2.0-only
"""The bench list: how long a look at a large machine takes. selftests/bench/list.sh says what the
metrics are.

No memory is plugged, so there is no guest: it runs in the build root of one, on a tree in memory.
"""
import machine
import measure

NAME = "list"
TITLE = "list 131072 memory blocks"
IN_ROOT = True
OPTIONS = machine.Options()
BASELINE = "lsmem"
CONTENDERS = (BASELINE, "memhpctl")
INSTALL = "install-userspace"
ROUNDS, LONG_ROUNDS = 10, 40
ROUND_SECONDS = 120
BAR = 0.4


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
