# SPDX-License-Identifier: GPL-2.0-only
"""The bench kmod: what the module costs. selftests/bench/kmod.sh says what the metrics are.

It is judged twice: by the time of whole operations, which takes many rounds to tell 1 %, and by the
time of all calls into the module, one by one, over that of an operation without it.
"""
import machine
import measure

NAME = "kmod"
TITLE = "cost of the module"
# The guest's TSC is one clock of QEMU for all of its processors, which not every kernel believes.
# Without it each look at the time is an access to an emulated device.
OPTIONS = machine.Options(append="tsc=reliable")
BASELINE = "none"
MODULE = "memhp"
CONTENDERS = (BASELINE, "empty", MODULE, "memhp:probes=0")
INSTALL = "install-kmod"
ROUNDS, LONG_ROUNDS = 12, 200
ROUND_SECONDS = 60
BAR = 1.01


def words(_):
    """The script takes none."""
    return ()


def unit(metric):
    """Of the samples."""
    return "bytes" if metric.endswith("_bytes") else "ns"


def judge(samples):
    """The Results."""
    others = CONTENDERS[1:]
    for contender in others:
        for metric in ("online", "offline"):
            yield measure.Result(metric, contender, BASELINE, "", *measure.ratio(
                samples.rounds(contender, metric), samples.rounds(BASELINE, metric)))
        yield measure.Result("cycle", contender, BASELINE, "", *measure.ratio(
            _cycle(samples, contender), _cycle(samples, BASELINE)), _bar(contender))
    base = _cycle(samples, BASELINE)
    for contender in others:
        added = _sums(*_calls(samples, contender).values())
        yield measure.Result("1 + added / cycle", contender, BASELINE, "", *measure.ratio(
            _sums(base, added), base), _bar(contender))
    for contender in CONTENDERS:
        yield measure.Result("cycle", contender, None, "ns",
                             *measure.median(_cycle(samples, contender)))
    for contender in others:
        added = _sums(*_calls(samples, contender).values())
        yield measure.Result("added to a cycle", contender, BASELINE, "ns",
                             *measure.median(added))
    for name, values in _pieces(samples).items():
        yield measure.Result(name, MODULE, BASELINE, "ns", *measure.median(values))
    for metric in ("block_bytes", "tree_bytes", "ring_bytes"):
        yield measure.Result(metric, MODULE, None, "bytes",
                             *measure.median(samples.rounds(MODULE, metric)))


def _bar(contender):
    return BAR if contender == MODULE else None


def _cycle(samples, contender):
    """An online and an offline of each round: each the median, for one of the two is often late."""
    return _sums(samples.rounds(contender, "online"), samples.rounds(contender, "offline"))


def _calls(samples, contender):
    """Name → nanoseconds that these calls add to a cycle, for each round."""
    calls = {f"callback {metric}": _added(samples, metric, contender)
             for metric in samples.table[contender] if metric.startswith(("first:", "last:"))}
    if contender == MODULE:
        attempt = _sums(*_probe(samples).values())
        # An online and an offline.
        calls["probes of a cycle"] = _sums(attempt, attempt)
    return calls


def _probe(samples):
    """What makes up the cost of a probe around an attempt that succeeds."""
    return {"probe:detour": samples.rounds(MODULE, "probe:detour"),
            "probe:entry": _added(samples, "probe:entry", MODULE),
            "probe:return": _added(samples, "probe:return", MODULE)}


def _pieces(samples):
    """What the calls into the module cost one by one."""
    calls = _calls(samples, MODULE)
    callbacks = [values for name, values in calls.items() if name.startswith("callback")]
    return {**calls, "callbacks of a cycle": _sums(*callbacks), **_probe(samples),
            "probe:failure": _added(samples, "probe:failure", MODULE),
            "refused": _added(samples, "refused", MODULE)}


def _added(samples, metric, contender):
    """By how much the contender is above the baseline, for each round."""
    return [mine - base for mine, base in zip(
        samples.rounds(contender, metric), samples.rounds(BASELINE, metric), strict=True)]


def _sums(*values):
    """The sums of some values of each round."""
    return [sum(parts) for parts in zip(*values, strict=True)]
