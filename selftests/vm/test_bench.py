# SPDX-License-Identifier: GPL-2.0-only
"""The benches: fair turns, honest intervals, verdicts, and nothing missing from a record."""
import collections
import contextlib
import io
import json
import pathlib
import random
import tempfile
import unittest
import unittest.mock

import bench
import bench_kmod
import bench_list
import bench_offline
import bench_online
import bench_table
import build
import guests
import measure
from errors import StepFailed, UserError


def result(low, high, bar=1.01):
    """A ratio with this interval."""
    return measure.Result("cycle", "memhp", "none", "", (low + high) / 2, low, high, bar)


class Order(unittest.TestCase):
    """order()."""

    def test_each_place_and_each_neighbour_equally_often(self):
        for count in (2, 3, 4, 5, 6):
            contenders = [f"c{number}" for number in range(count)]
            places, neighbours = collections.Counter(), collections.Counter()
            for number in range(2 * count):
                row = measure.order(contenders, number)
                self.assertEqual(sorted(row), contenders)
                places.update(enumerate(row))
                neighbours.update(zip(row, row[1:]))
            with self.subTest(count):
                self.assertEqual(len(places), count ** 2)
                self.assertEqual(set(places.values()), {2})
                self.assertEqual(len(neighbours), count * (count - 1))
                self.assertEqual(set(neighbours.values()), {2})


class Interval(unittest.TestCase):
    """median() and ratio()."""

    def test_values_without_noise_have_no_width(self):
        self.assertEqual(measure.median([5.0] * 12), (5, 5, 5))
        self.assertEqual(measure.ratio([3.0] * 12, [2.0] * 12), (1.5, 1.5, 1.5))

    def test_value_is_of_the_medians(self):
        self.assertEqual(measure.ratio([1, 4, 90], [2, 2, 2])[0], 2)

    def test_the_same_samples_give_the_same_interval(self):
        generator = random.Random(1)
        values = [generator.gauss(100, 5) for _ in range(20)]
        with unittest.mock.patch.object(measure, "RESAMPLES", 40):
            self.assertEqual(measure.median(values), measure.median(values))

    def test_more_rounds_are_narrower(self):
        generator = random.Random(2)
        values = [generator.gauss(100, 5) for _ in range(400)]
        _, low, high = measure.median(values[:12])
        _, closer_low, closer_high = measure.median(values)
        self.assertLess(closer_high - closer_low, (high - low) / 2)

    def test_intervals_hold_the_truth(self):
        generator = random.Random(3)
        held = 0
        with unittest.mock.patch.object(measure, "RESAMPLES", 200):
            for _ in range(200):
                # A machine that is slow in some rounds is so for both.
                slow = [generator.choice((1, 1, 1, 1.5)) for _ in range(12)]
                base = [100 * factor * generator.gauss(1, 0.03) for factor in slow]
                more = [102 * factor * generator.gauss(1, 0.03) for factor in slow]
                _, low, high = measure.ratio(more, base)
                held += low <= 1.02 <= high
        self.assertGreaterEqual(held, 180)


class Verdict(unittest.TestCase):
    """Result.verdict."""

    def test_verdicts(self):
        cases = {(0.99, 1.01): "met", (0.99, 1.005): "met", (1.0101, 1.02): "missed",
                 (1.0, 1.02): "unresolved", (1.01, 1.02): "unresolved"}
        for (low, high), wanted in cases.items():
            with self.subTest((low, high)):
                self.assertEqual(result(low, high).verdict, wanted)
        self.assertIsNone(result(0.9, 1.1, None).verdict)


# What a module would print that takes 1 us in its first callback, 0.5 us in its last, and 2 us for
# its probes, beside 1 ms and 2 ms of work. The ways in and out cost 0.1 us.
def output(rounds):
    """Of kmod.sh."""
    own = {"memhp": (1000, 500, 300, 700), "memhp:probes=0": (1000, 500, 0, 0)}
    for number in range(rounds):
        yield f"round {number + 1}"
        for contender in bench_kmod.CONTENDERS:
            first, last, entry, back = own.get(contender, (0, 0, 0, 0))
            yield f"samples {contender} online 999000 1000000 9000000"
            yield f"samples {contender} offline 2000000 2000000 2000000"
            yield f"samples {contender} refused {9000 + entry + back} 8000 99000"
            for action in ("MEM_GOING_ONLINE", "MEM_ONLINE", "MEM_GOING_OFFLINE", "MEM_OFFLINE"):
                yield f"samples {contender} first:{action} {100 + first}"
                yield f"samples {contender} last:{action} {100 + last}"
            yield f"samples {contender} probe:entry {100 + entry}"
            yield f"samples {contender} probe:return {100 + back}"
            yield f"samples {contender} probe:failure {100 + back}"
            yield f"samples {contender} probe:detour 1000"
            if contender == "memhp":
                yield "samples memhp ring_bytes 2097152"
                yield "samples memhp block_bytes 256"
                yield "samples memhp tree_bytes 36.50"


class RunCase(unittest.TestCase):
    """A test of what becomes of the output of a script."""

    MODULE = bench_kmod

    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(unittest.mock.patch.object(build, "LOGS", pathlib.Path(directory)))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def run_of(self, lines, rounds=12):
        """A Run that got these lines."""
        run = bench.Run(self.MODULE, guests.find(guests.DEFAULT), rounds=rounds)
        for line in lines:
            run.take(line)
        return run


class Record(RunCase):
    """The record of the bench kmod, and what all records have."""

    def test_costs_add_up(self):
        record = self.run_of(output(12)).record("6.1.0")
        found = {(one["metric"], one["contender"]): one["value"]
                 for one in record["ratios"] + record["figures"]}
        self.assertEqual(found["online", "memhp"], 1)
        self.assertEqual(found["callback first:MEM_ONLINE", "memhp"], 1000)
        self.assertEqual(found["callbacks of a cycle", "memhp"], 4 * 1500)
        self.assertEqual(found["probes of a cycle", "memhp"], 2 * 2000)
        self.assertEqual(found["added to a cycle", "memhp"], 10000)
        self.assertEqual(found["added to a cycle", "memhp:probes=0"], 6000)
        self.assertEqual(found["added to a cycle", "empty"], 0)
        self.assertEqual(found["cycle", "none"], 3000000)
        self.assertAlmostEqual(found["1 + added / cycle", "memhp"], 1 + 10 / 3000)
        self.assertEqual(found["ring_bytes", "memhp"], 2097152)

    def test_the_bar_is_on_the_module_only(self):
        record = self.run_of(output(12)).record("6.1.0")
        barred = {(one["metric"], one["contender"]): one["verdict"]
                  for one in record["ratios"] if one["bar"] is not None}
        self.assertEqual(barred, {("cycle", "memhp"): "met", ("1 + added / cycle", "memhp"): "met"})

    def test_every_raw_sample_is_in_the_record(self):
        record = json.loads(json.dumps(self.run_of(output(12)).record("6.1.0")))
        self.assertEqual(record["samples"]["none"]["online"], [[999000, 1000000, 9000000]] * 12)
        self.assertEqual(record["rounds"], 12)
        self.assertEqual(record["kernel"], "6.1.0")
        self.assertEqual(record["medians"]["none"]["online"]["median"], 1000000)

    def test_what_is_missing_is_named(self):
        lines = list(output(12))
        cases = {"a metric": [line for number, line in enumerate(lines)
                              if number != lines.index("samples empty refused 9000 8000 99000")],
                 "a contender": [line for line in lines if " empty " not in line]}
        for name, rest in cases.items():
            with self.subTest(name), self.assertRaisesRegex(StepFailed, "empty: 1?[01] of 12"):
                self.run_of(rest).record("6.1.0")

    def test_table(self):
        record = self.run_of(output(12)).record("6.1.0") | {
            "machine": {"guest": "bookworm", "accelerator": "tcg"}}
        record["medians"]["empty"]["online"] = {"median": 2500, "q1": 2250, "q3": 2750}
        text = bench_table.text(record)
        self.assertRegex(text, r"(?m)^online +1 ms ±0\.0 % +2\.5 us ±10\.0 % ")
        self.assertRegex(text, r"(?m)^cycle +memhp / none +1\.0\d+ .* 1\.01 +met$")
        self.assertRegex(text, r"(?m)^ring_bytes +memhp +2 MiB +2 MiB to 2 MiB$")

    def test_what_measures_userspace_needs_a_guest_that_has_it(self):
        with self.assertRaisesRegex(UserError, "'online' needs a guest with .*: bookworm, "):
            bench.run(["online"], "trixie-backports", False)

    def test_unknown_bench_names_the_known_ones(self):
        with self.assertRaisesRegex(UserError,
                                    r"no bench 'x' \(there are: kmod, list, online, offline\)"):
            bench.run(["x"], guests.DEFAULT, False)


# What contenders would print whose time goes by the square of the blocks, but for the daemon's. Attempts
# are no part of own_cpu.
def output_of_online(sizes, rounds):
    """Of online.sh."""
    for number in range(rounds):
        yield f"round {number + 1}"
        for contender in bench_online.CONTENDERS:
            for size in sizes:
                first = size * 1000 if contender == "daemon" else size ** 2 * 10
                own = {"rule": 5000, "daemon": 1300}.get(contender, 1000) * size
                values = {"first_to_last": first, "from_add": first + size * 3000,
                          "not_online": first * size, "adding": size * 3000,
                          "cpu": own + first, "own_cpu": own, "peak_bytes": 30 << 20}
                if contender in ("kernel", "daemon"):
                    values |= {"memhpd_own_cpu": own - 1000 * size,
                               "memhpd_rss_bytes": (9 << 20) + (size << 13)}
                for metric, value in values.items():
                    yield f"samples {contender} {size}:{metric} {value}"


class Online(RunCase):
    """The record of the bench online."""

    MODULE = bench_online

    def found(self, sizes):
        """(metric, contender) → what the record has of it."""
        record = self.run_of(output_of_online(sizes, 5), 5).record("6.1.0") | {
            "machine": {"guest": "bookworm", "accelerator": "tcg"}}
        bench_table.text(record)
        return {(one["metric"], one["contender"]): one
                for one in record["ratios"] + record["figures"]}

    def test_ratios_to_the_kernels_own_way(self):
        found = self.found((128, 512))
        self.assertAlmostEqual(found["512:first_to_last", "daemon"]["value"], 1 / 5.12)
        self.assertAlmostEqual(found["512:own_cpu", "rule"]["value"], 5)
        self.assertEqual(found["512:first_to_last", "loop"]["value"], 1)
        self.assertAlmostEqual(found["512:first_to_last per block / 128's", "auto"]["value"], 4)
        self.assertAlmostEqual(found["512:first_to_last per block / 128's", "daemon"]["value"], 1)
        self.assertAlmostEqual(found["512:memhpd's CPU / what the rule adds", "daemon"]["value"],
                               300 / 4000)
        self.assertEqual(found["512:memhpd_rss_bytes", "daemon"]["value"], 13 << 20)

    def test_verdicts(self):
        found = self.found((128, 512, 2048))
        wanted = {("512:first_to_last", "daemon"): "met", ("512:from_add", "daemon"): "met",
                  ("512:first_to_last", "kernel"): "met", ("128:first_to_last", "daemon"): None,
                  ("2048:first_to_last", "daemon"): "met",
                  ("2048:first_to_last per block / 512's", "daemon"): "met",
                  ("2048:first_to_last per block / 512's", "auto"): None,
                  ("512:memhpd's CPU / what the rule adds", "daemon"): "met",
                  ("512:memhpd_rss_bytes", "daemon"): "missed",
                  ("512:first_to_last", "rule"): None}
        for key, verdict in wanted.items():
            with self.subTest(key):
                self.assertEqual(found[key]["verdict"], verdict)

    def test_the_script_is_told_the_sizes(self):
        self.assertEqual(bench_online.words(False), ("128", "512"))
        self.assertEqual(bench_online.words(True), ("128", "512", "2048"))


# What contenders would print of whom ours take a fifth of the time; where memory is in use, daemon and chmem
# miss a block in one round, chmem fails three times more than the others, and slows others down by half.
def output_of_offline(words, rounds):
    """Of offline.sh."""
    asked, *sizes = map(int, words)
    for size in sizes:
        for number in range(rounds):
            yield f"round {number + 1}"
            for contender in bench_offline.CONTENDERS:
                factor = {"chmem": 10, "writes": 1}.get(contender, 2)
                yield f"samples {contender} idle:{size}:took {size * factor * 1000}"
    for number in range(rounds):
        yield f"samples daemon unplug:1:to_deleted {number * 1000}"
    for number in range(rounds):
        for contender in bench_offline.IN_USE:
            chmem = contender == "chmem"
            short = number == 1 and contender != "direct"
            values = {"took": 8000 if chmem else 4000, "missing_bytes": short * (128 << 20),
                      "failed": 4 if chmem else 1, "walk_alone": 1000,
                      "walk_beside": 2000 if chmem else 1000}
            for metric, value in values.items():
                yield f"samples {contender} loaded:{asked}:{metric} {value}"


class Offline(RunCase):
    """The record of the bench offline."""

    MODULE = bench_offline

    def setUp(self):
        super().setUp()
        run = self.run_of(output_of_offline(("16", "512", "2048"), 5), 5)
        self.record = run.record("6.1.0") | {"machine": {"guest": "bookworm", "accelerator": "tcg"}}
        self.found = {(one["metric"], one["contender"]): one
                      for one in self.record["ratios"] + self.record["figures"]}

    def test_ratios_to_chmem(self):
        self.assertAlmostEqual(self.found["idle:512:took", "daemon"]["value"], 0.2)
        self.assertAlmostEqual(self.found["idle:512:took", "writes"]["value"], 0.1)
        self.assertEqual(self.found["idle:512: beyond the writes", "direct"]["value"], 512000)
        self.assertAlmostEqual(self.found["loaded:16:took", "direct"]["value"], 0.5)
        self.assertEqual(self.found["loaded:16:failed", "direct"]["value"], -3)
        self.assertEqual(self.found["loaded:16:walk_beside / walk_alone", "chmem"]["value"], 2)
        self.assertEqual(self.found["loaded:16: lost to the walk", "chmem"]["value"], 4000)
        self.assertEqual(self.found["loaded:16: lost to the walk", "daemon"]["value"], 0)
        self.assertEqual(self.found["unplug:1:to_deleted", "daemon"]["value"], 2000)

    def test_verdicts(self):
        short = "loaded:16: rounds with less than asked for"
        wanted = {("idle:512:took", "daemon"): "met", ("idle:2048:took", "direct"): "missed",
                  (short, "daemon"): "missed", (short, "direct"): "met", (short, "chmem"): None,
                  ("loaded:16:failed", "daemon"): "met", ("loaded:16:took", "daemon"): None}
        for key, verdict in wanted.items():
            with self.subTest(key):
                self.assertEqual(self.found[key]["verdict"], verdict)

    def test_table(self):
        text = bench_table.text(self.record)
        self.assertRegex(text, r"(?m)^loaded:16:failed +4 ±0\.0 % +1 ±0\.0 % +1 ±0\.0 % +-$")
        self.assertRegex(text, r"(?m)^loaded:16:failed +direct - chmem +-3 +-3 to -3 +-1 +met$")

    def test_the_script_is_told_what_to_ask_for(self):
        self.assertEqual(bench_offline.words(False), ("8", "512"))
        self.assertEqual(bench_offline.words(True), ("64", "512", "2048"))

    def test_a_long_run_has_room_for_the_memmap_of_its_largest_dimm(self):
        long = bench.Run(bench_offline, guests.find(guests.DEFAULT), long=True)
        self.assertEqual(long.options.memory, "8G")
        self.assertEqual(self.run_of([], 1).options.memory, "3G")


class List(RunCase):
    """The record of the bench list, which needs no guest."""

    MODULE = bench_list

    def _found(self, kind, status="samples memhpctl status 7000000"):
        """The results of a kind by their metrics."""
        lines = [line for number in range(4) for line in (
            f"round {number + 1}", "samples lsmem list 2000", "samples lsmem same 1000",
            "samples memhpctl list 500", "samples memhpctl same 600", status,
            "samples memhpctl status_worst 30000000")]
        return {one["metric"]: one for one in self.run_of(lines, 4).record("6.1.0")[kind]}

    def test_ratios_to_lsmem(self):
        found = self._found("ratios")
        self.assertEqual([found["list"]["value"], found["list"]["verdict"]], [0.25, "met"])
        self.assertEqual([found["same"]["value"], found["same"]["verdict"]], [0.6, "missed"])

    def test_the_status_has_a_time_of_its_own(self):
        found = self._found("figures", "samples memhpctl status 7000000 9000000 50000000")
        self.assertEqual([found["status"]["value"], found["status"]["verdict"]], [9e6, "met"])
        self.assertEqual([found["status_worst"]["value"], found["status_worst"]["bar"]],
                         [30e6, None])
        slow = self._found("figures", "samples memhpctl status 21000000")
        self.assertEqual(slow["status"]["verdict"], "missed")

    def test_only_this_one_runs_in_the_build_root(self):
        self.assertEqual([name for name, one in bench.BENCHES.items() if bench.in_root(one)],
                         ["list"])


if __name__ == "__main__":
    unittest.main()
