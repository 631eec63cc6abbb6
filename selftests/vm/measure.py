# SPDX-License-Identifier: GPL-2.0-only
"""What follows from the samples of a bench: medians, ratios with their intervals, verdicts.

The contenders take turns within a round, so what disturbs the machine for a while disturbs them
all, and rounds are compared, not single samples: each contender has one value a round, the median
of its samples there. An interval is a bootstrap over rounds: what the result would be, had other
rounds of this kind been run.
"""
import dataclasses
import random
import statistics

RESAMPLES = 2000
CONFIDENCE = 0.95


def order(contenders, number):
    """The contenders in the order of this round.

    Over a cycle of rounds each is at each place as often as any other, and comes behind each of the
    others as often (a Williams design: whatever a contender leaves behind, all get equally)."""
    count = len(contenders)
    # 0, 1, -1, 2, -2, …: the neighbours of a row differ by each distance once.
    places = [(place + 1) // 2 * (1 if place % 2 else -1) for place in range(count)]
    row = [contenders[(place + number) % count] for place in places]
    # With an odd count one such square is not enough; its mirror image completes it.
    return row[::-1] if count % 2 and number // count % 2 else row


class Samples:
    """Raw samples: contender → metric → a list of values for each round."""

    def __init__(self):
        self.table = {}

    def add(self, contender, metric, values):
        """The samples of one more round."""
        self.table.setdefault(contender, {}).setdefault(metric, []).append(values)

    def rounds(self, contender, metric):
        """The median of each round."""
        return [statistics.median(values) for values in self.table[contender][metric]]

    def summary(self):
        """contender → metric → median and quartiles of the values of its rounds."""
        return {contender: {metric: _quartiles(self.rounds(contender, metric))
                            for metric in metrics}
                for contender, metrics in self.table.items()}


def _quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": middle, "q1": low, "q3": high}


@dataclasses.dataclass(frozen=True)
class Result:
    """What was found of a contender, with its interval.

    against: whom it is compared with, if anybody. unit: "" for a ratio. bar: what the value may be
    at most, if there is such a limit."""

    metric: str
    contender: str
    against: str
    unit: str
    value: float
    low: float
    high: float
    bar: float = None

    @property
    def verdict(self):
        """met, missed, or unresolved: the interval has values on both sides. None without a bar."""
        if self.bar is None:
            return None
        if self.high <= self.bar:
            return "met"
        return "missed" if self.low > self.bar else "unresolved"


def interval(rounds, statistic):
    """(value, low, high) of statistic(indices), of rounds numbered from 0."""
    # The same samples give the same interval.
    generator = random.Random(rounds)
    drawn = sorted(statistic(generator.choices(range(rounds), k=rounds))
                   for _ in range(RESAMPLES))
    outside = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return statistic(range(rounds)), drawn[outside], drawn[-1 - outside]


def median(values):
    """(value, low, high) of the median of one value a round."""
    return interval(len(values), lambda indices: _middle(values, indices))


def ratio(values, base):
    """(value, low, high) of the ratio of the medians of two values a round."""
    return interval(len(values),
                    lambda indices: _middle(values, indices) / _middle(base, indices))


def _middle(values, indices):
    return statistics.median(values[index] for index in indices)
