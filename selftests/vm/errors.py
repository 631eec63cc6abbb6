# SPDX-License-Identifier: GPL-2.0-only
"""The two kinds of failure that the commands report without a traceback."""


class UserError(Exception):
    """Bad input or a missing thing: one line that names it and the remedy. Exit 2."""


class StepFailed(Exception):
    """A step of the work failed: one line, and the log that tells why. Exit 1."""

    def __init__(self, message, log=None):
        super().__init__(message)
        self.log = log

    def __str__(self):
        text = super().__str__()
        return f"{text} (log: {self.log})" if self.log else text
