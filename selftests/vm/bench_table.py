# SPDX-License-Identifier: GPL-2.0-only
"""The record of a bench as text."""
_SCALES = {"ns": ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (1, "ns")),
           "bytes": ((1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")),
           "count": ((1, ""),)}


def text(record):
    """Medians by contender, then ratios, then figures."""
    where = record["machine"]
    return "\n".join([
        f"{record['bench']}: {record['title']}, {record['rounds']} rounds",
        f"{record['kernel']} on {where['guest']} ({where['accelerator']})",
        "", *_columns(_medians(record)),
        "", *_columns(_results(record["ratios"], bars=True)),
        "", *_columns(_results(record["figures"],
                               any(one["bar"] is not None for one in record["figures"])))])


def quantity(value, unit):
    """A number in the scale that suits it; a ratio ("") has none."""
    if not unit:
        return f"{value:.4f}"
    size, name = next((scale for scale in _SCALES[unit] if abs(value) >= scale[0]),
                      _SCALES[unit][-1])
    return f"{value / size:.4g} {name}".rstrip()


def _medians(record):
    """Of the values of the rounds, with half of the distance between the quartiles."""
    yield ("median, spread", *record["contenders"])
    for metric, unit in record["units"].items():
        yield (metric, *(_median(record["medians"][contender].get(metric), unit)
                         for contender in record["contenders"]))


def _median(found, unit):
    if not found:
        return "-"
    spread = (found["q3"] - found["q1"]) / 2
    text_of_spread = f"{100 * spread / found['median']:.1f} %" if found["median"] > 0 else \
        quantity(spread, unit)
    return f"{quantity(found['median'], unit)} ±{text_of_spread}"


def _results(results, bars=False):
    yield ("", "", "value", "95 % interval", *(("at most", "verdict") if bars else ()))
    for result in results:
        who = result["contender"]
        if result["against"] is not None:
            who += (" - " if result["unit"] else " / ") + result["against"]
        value, low, high = (quantity(result[key], result["unit"])
                            for key in ("value", "low", "high"))
        cells = (result["metric"], who, value, f"{low} to {high}")
        if not bars:
            yield cells
        elif result["bar"] is None:
            yield (*cells, "", "")
        else:
            bar = quantity(result["bar"], result["unit"]) if result["unit"] else \
                f"{result['bar']:g}"
            yield (*cells, bar, result["verdict"])


def _columns(rows):
    """Lines of equal columns: the first to the left, the others to the right."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.ljust(widths[0]),
                 *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
