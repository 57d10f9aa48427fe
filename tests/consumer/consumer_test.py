"""Programs of a user build against what the tree ships: by a compiler alone, by CMake, and by pkg-config."""

import re
import unittest

from tests.consumer.consumer import ConsumerTest

PLAIN = "tests/consumer/plain/orders.cc"


class PlainTest(ConsumerTest):
    def setUp(self):
        super().setUp()
        self.copy(".", "impl", PLAIN)

    def compile(self, compiler, *flags):
        self.run_command(compiler, "-std=c++23", "-I", "impl", PLAIN, *flags, "-o", "orders")
        self.expect_orders("./orders")

    def test_include_path_is_enough(self):
        self.compile("g++")

    def test_other_compiler_and_library_without_exceptions_and_rtti(self):
        self.compile("clang++-19", "-stdlib=libc++", "-fno-exceptions", "-fno-rtti")


class ReadmeTest(ConsumerTest):
    def test_first_program_of_the_readme_does_what_it_says(self):
        readme = self.copy(".", "impl", "README.md") / "README.md"
        program = re.search(r"```cpp\n(.*?)```", readme.read_text(), re.DOTALL)[1]
        (self.directory / "program.cc").write_text(program)
        self.run_command("g++", "-std=c++23", "-Wall", "-Wextra", "-Werror", "-I", "impl", "program.cc")
        self.assertEqual(self.run_command("./a.out"), "42 GOOG, 1 segment\n")


class CMakeTest(ConsumerTest):
    def test_package_is_found_where_it_was_installed(self):
        prefix = self.install()
        consumer = self.copy(".", "tests/consumer/cmake", PLAIN) / "tests/consumer/cmake"
        self.run_command("cmake", "-S", consumer, "-B", "out", f"-DCMAKE_PREFIX_PATH={prefix}")
        self.run_command("cmake", "--build", "out")
        self.expect_orders("out/orders")
        self.run_command("out/siphash")

    def test_component_that_is_not_installed_is_named(self):
        prefix = self.install()
        (self.directory / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\n"
            "project(consumer LANGUAGES CXX)\n"
            "find_package(slabproof COMPONENTS model)\n"
            'message("found: ${slabproof_FOUND}, ${slabproof_NOT_FOUND_MESSAGE}")\n'
        )
        said = self.run_command("cmake", "-S", ".", "-B", "out", f"-DCMAKE_PREFIX_PATH={prefix}")
        self.assertRegex(said, "found: (0|FALSE), The component model was not built")


class PkgConfigTest(ConsumerTest):
    def test_flags_are_those_of_the_place_where_it_was_installed(self):
        self.install()
        # The files may be moved as a whole.
        prefix = (self.directory / "installed").rename(self.directory / "moved")
        consumer = self.copy(".", "tests/consumer/pkgconfig", PLAIN) / "tests/consumer/pkgconfig"
        self.run_command("make", directory=consumer, PKG_CONFIG_PATH=str(prefix / "share/pkgconfig"))
        self.expect_orders(consumer / "orders")


if __name__ == "__main__":
    unittest.main()
