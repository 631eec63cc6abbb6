# SPDX-License-Identifier: GPL-2.0-only
"""What a debug kernel found during a run, beyond what it wrote into its log: memory that leaked, and
whether it still watched the locks at the end."""
from errors import StepFailed

_KMEMLEAK = "/sys/kernel/debug/kmemleak"
# An object is reported when it is older than five seconds and no scan saw it change: hence the pause
# and the second scan.
_SCAN = f"sleep 6 && echo scan >{_KMEMLEAK} && echo scan >{_KMEMLEAK} && cat {_KMEMLEAK}"
_LOCKS = "cat /proc/lockdep_stats"
_SCAN_SECONDS = 240


async def end(guest, directory):
    """Reasons, as lines, why what ran since the boot is no good."""
    leaked = await _run(guest, _SCAN)
    _save(directory / "kmemleak.log", leaked)
    return [*leaks(leaked), *locks(await _run(guest, _LOCKS))]


def leaks(lines):
    """A line for all that kmemleak reports, if it reports anything."""
    found = [number for number, line in enumerate(lines) if line.startswith("unreferenced object")]
    if found:
        first = lines[found[0]:found[1] if found[1:] else None]
        start = next((number for number, line in enumerate(first) if "backtrace" in line), 0)
        where = ", ".join(line.strip() for line in first[start + 1:])
        yield f"kmemleak: {len(found)} leaked, the first {first[0].rstrip(':')}: {where}"


def locks(lines):
    """A line when lockdep has given up watching."""
    if "1" not in [line.split()[-1] for line in lines if line.strip().startswith("debug_locks:")]:
        yield "lockdep was off at the end"


async def _run(guest, command):
    status, lines = await guest.run(command, _SCAN_SECONDS)
    if status:
        raise StepFailed(f"the debug kernel refused '{command}': {' '.join(lines[-1:])}")
    return lines


def _save(path, lines):
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
