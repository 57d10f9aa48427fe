"""What zsh makes of a line that somebody types and completes: the line runs, and says what it has become.

    zsh_completion_test.py CHECK
"""

import os
import pathlib
import pty
import select
import subprocess
import sys
import tempfile
import time
import unittest

# The command says what it is called with. Nothing but a line is written to the terminal, so that it can be read.
SETTINGS = """
PS1='> '
unset zle_bracketed_paste
unsetopt prompt_sp
fpath=({directory} $fpath)
autoload -Uz compinit && compinit -u -d {directory}/dump
check() {{ print -r -- "<$*>" >> {directory}/called; }}
print ready > {directory}/called
"""


class ZshCompletionTest(unittest.TestCase):
    check = ""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        script = subprocess.run([self.check, "--completion", "zsh"], capture_output=True, text=True, check=True).stdout
        (self.directory / "_check").write_text(script)
        (self.directory / ".zshrc").write_text(SETTINGS.format(directory=self.directory))
        self.shown = b""
        process, self.terminal = pty.fork()
        if process == 0:
            os.chdir(self.directory)
            os.execve("/usr/bin/zsh", ["zsh", "-i"], os.environ | {"ZDOTDIR": str(self.directory), "TERM": "dumb"})
        self.addCleanup(os.waitpid, process, 0)
        self.addCleanup(os.close, self.terminal)
        self.wait_for_call("ready")

    def wait_for_call(self, expected):
        """Until the command was called, with what the terminal shows read all the while."""
        called = self.directory / "called"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.shown += os.read(self.terminal, 4096)
            if called.exists() and called.read_text().endswith("\n"):
                self.assertEqual(called.read_text().splitlines()[-1], expected, self.shown)
                called.unlink()
                return
        self.fail(f"the line did not run: {self.shown}")

    def expect_completed(self, typed, line):
        os.write(self.terminal, f"check {typed}\n".encode())
        self.wait_for_call(f"<{line}>")

    def test_options_and_their_values_are_completed(self):
        self.expect_completed("--searc\tgr\t", "--search graph")
        self.expect_completed("--reche\tn\t", "--recheck new")
        self.expect_completed("--scen\ttwo_growers_share\t", "--scenario two_growers_share_one_segment")

    def test_files_are_completed_where_a_file_is_meant(self):
        (self.directory / "recorded.json").touch()
        self.expect_completed("--repla\trecor\t", "--replay recorded.json")

    def test_option_after_another_is_completed(self):
        self.expect_completed("--search dpor --no-sym\t", "--search dpor --no-symmetry")


def main():
    ZshCompletionTest.check = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])


if __name__ == "__main__":
    main()
