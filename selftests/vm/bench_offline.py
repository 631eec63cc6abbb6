# SPDX-License-Identifier: GPL-2.0-only
"""The bench offline: how memory is given back, by memhpctl and by chmem: how fast, whether at all, and
what else on the machine has of it. selftests/bench/offline.sh says who the contenders are and what the
metrics are.
"""
import machine
import measure

NAME = "offline"
TITLE = "memory is given back"
OPTIONS = machine.Options(memory="3G", append="tsc=reliable")
# Room for the memmap of the largest DIMM, 1/64 of it.
LONG_OPTIONS = machine.Options(memory="8G", append="tsc=reliable")
BASELINE = "chmem"
OURS = ("daemon", "direct")
# The kernel's own time, which nobody gets below: no part of the loaded machine.
FLOOR = "writes"
IN_USE = (BASELINE, *OURS)
CONTENDERS = (*IN_USE, FLOOR)
INSTALL = "install"
# A round of the long run takes seven minutes.
ROUNDS, LONG_ROUNDS = 5, 5
# Six minutes for the largest DIMM.
ROUND_SECONDS = 900
ASKED, LONG_ASKED = 8, 64
SIZES, LONG_SIZES = (512,), (512, 2048)

# Size of an idle DIMM → its bar.
_IDLE_BARS = {512: 0.35, 2048: 0.1}


def words(long):
    """Blocks asked for on a loaded machine, and sizes of an idle DIMM."""
    return tuple(map(str, (LONG_ASKED, *LONG_SIZES) if long else (ASKED, *SIZES)))


def unit(metric):
    """Of the samples."""
    name = metric.rpartition(":")[2]
    return {"missing_bytes": "bytes", "failed": "count"}.get(name, "ns")


def judge(samples):
    """The Results."""
    found = [metric.split(":") for metric in samples.table[BASELINE]]
    for size in sorted({int(size) for where, size, _ in found if where == "idle"}):
        metric = f"idle:{size}:took"
        yield from _against_baseline(samples, metric, _IDLE_BARS.get(size))
        floor = samples.rounds(FLOOR, metric)
        yield measure.Result(metric, FLOOR, BASELINE, "",
                             *measure.ratio(floor, samples.rounds(BASELINE, metric)))
        for contender in OURS:
            over = [mine - least for mine, least in zip(
                samples.rounds(contender, metric), floor, strict=True)]
            yield measure.Result(f"idle:{size}: beyond the writes", contender, FLOOR, "ns",
                                 *measure.median(over))
    for size in sorted({int(size) for where, size, _ in found if where == "loaded"}):
        yield from _loaded(samples, f"loaded:{size}")
    for metric in samples.table["daemon"]:
        if metric.startswith("unplug:"):
            yield measure.Result(metric, "daemon", None, "ns",
                                 *measure.median(samples.rounds("daemon", metric)))


def _loaded(samples, where):
    yield from _against_baseline(samples, f"{where}:took")
    for contender in IN_USE:
        # A fact about these rounds, not an estimate.
        missing = samples.rounds(contender, f"{where}:missing_bytes")
        share = sum(value > 0 for value in missing) / len(missing)
        yield measure.Result(f"{where}: rounds with less than asked for", contender, None, "",
                             share, share, share, 0 if contender in OURS else None)
    for contender in IN_USE:
        beside, alone = (samples.rounds(contender, f"{where}:walk_{name}")
                         for name in ("beside", "alone"))
        yield measure.Result(f"{where}:walk_beside / walk_alone", contender, None, "",
                             *measure.ratio(beside, alone))
    for contender in IN_USE:
        yield measure.Result(f"{where}: lost to the walk", contender, None, "ns",
                             *measure.median(_lost(samples, contender, where)))
    for contender in OURS:
        fewer = [mine - base for mine, base in zip(
            samples.rounds(contender, f"{where}:failed"),
            samples.rounds(BASELINE, f"{where}:failed"), strict=True)]
        yield measure.Result(f"{where}:failed", contender, BASELINE, "count",
                             *measure.median(fewer), -1)


def _lost(samples, contender, where):
    """By how much the walk was longer in each round than it would have been alone."""
    took, alone, beside = (samples.rounds(contender, f"{where}:{name}")
                           for name in ("took", "walk_alone", "walk_beside"))
    return [time * (1 - one / other) for time, one, other in zip(took, alone, beside, strict=True)]


def _against_baseline(samples, metric, bar=None):
    base = samples.rounds(BASELINE, metric)
    for contender in OURS:
        yield measure.Result(metric, contender, BASELINE, "",
                             *measure.ratio(samples.rounds(contender, metric), base), bar)
