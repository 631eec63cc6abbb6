# SPDX-License-Identifier: GPL-2.0-only
"""The bench online: how long a DIMM takes to get online, by whose hand, and what that costs.
selftests/bench/online.sh says who the contenders are and what the metrics are.

Each is measured with DIMMs of several sizes: the kernel's own way takes time by the square of the
number of blocks.
"""
import machine
import measure

NAME = "online"
TITLE = "a DIMM gets online"
# Room for the memmap of the largest DIMM, 1/64 of it.
OPTIONS = machine.Options(memory="12G", append="tsc=reliable")
BASELINE = "auto"
CONTENDERS = (BASELINE, "kernel", "daemon", "rule", "loop")
INSTALL = "install"
# A round of the long run takes eight minutes.
ROUNDS, LONG_ROUNDS = 5, 5
# Six minutes for the largest DIMM, five times.
ROUND_SECONDS = 1800
SIZES, LONG_SIZES = (128, 512), (128, 512, 2048)

_MIB = 1 << 20
_TIMES = ("first_to_last", "from_add", "not_online")
_COSTS = ("cpu", "own_cpu", "peak_bytes")
# Size and metric → contender → at most so many times the baseline's.
_BARS = {
    (512, "first_to_last"): {"daemon": 0.4, "kernel": 1.03},
    (2048, "first_to_last"): {"daemon": 0.1, "kernel": 1.03},
    (512, "from_add"): {"daemon": 0.6, "kernel": 1.03},
    (2048, "from_add"): {"daemon": 0.25, "kernel": 1.03},
}
_GROWTH_BAR = 1.3
_OWN_CPU_BAR = 0.1
_RESIDENT_BAR = {512: 12 * _MIB}


def words(long):
    """The sizes of the DIMM in blocks."""
    return tuple(map(str, LONG_SIZES if long else SIZES))


def unit(metric):
    """Of the samples."""
    return "bytes" if metric.endswith("_bytes") else "ns"


def judge(samples):
    """The Results."""
    sizes = sorted({int(metric.partition(":")[0]) for metric in samples.table[BASELINE]})
    for size in sizes:
        for metric in (*_TIMES, *_COSTS):
            yield from _against_baseline(samples, size, metric)
        yield _own_cpu(samples, size)
    # Per block of the largest, as many times that of the one before.
    for one, other in zip(sizes[1:], sizes):
        for contender in CONTENDERS:
            barred = contender == "daemon" and (one, other) == (2048, 512)
            yield measure.Result(
                f"{one}:first_to_last per block / {other}'s", contender, None, "",
                *measure.ratio(_per_block(samples, contender, one),
                               _per_block(samples, contender, other)),
                _GROWTH_BAR if barred else None)
    for size in sizes:
        for contender in ("kernel", "daemon"):
            metric = f"{size}:memhpd_rss_bytes"
            yield measure.Result(metric, contender, None, "bytes",
                                 *measure.median(samples.rounds(contender, metric)),
                                 _RESIDENT_BAR.get(size))


def _against_baseline(samples, size, metric):
    bars = _BARS.get((size, metric), {})
    metric = f"{size}:{metric}"
    base = samples.rounds(BASELINE, metric)
    for contender in CONTENDERS[1:]:
        yield measure.Result(metric, contender, BASELINE, "",
                             *measure.ratio(samples.rounds(contender, metric), base),
                             bars.get(contender))


def _own_cpu(samples, size):
    """What memhpd takes of the processors, over what the rule adds to a udevd without it.

    That has the attempts in it: some are on the way while others wait, so their time is not known."""
    rule, without = (samples.rounds(contender, f"{size}:cpu")
                     for contender in ("rule", BASELINE))
    added = [one - other for one, other in zip(rule, without, strict=True)]
    return measure.Result(f"{size}:memhpd's CPU / what the rule adds", "daemon", "rule", "",
                          *measure.ratio(samples.rounds("daemon", f"{size}:memhpd_own_cpu"),
                                         added), _OWN_CPU_BAR)


def _per_block(samples, contender, size):
    return [value / size for value in samples.rounds(contender, f"{size}:first_to_last")]
