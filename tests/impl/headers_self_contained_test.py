"""Each header of impl/ compiles alone, and twice in a row, and in places that are not the project's own.

    headers_self_contained_test.py FLAGS...

A header that leans on what its users happened to include before it breaks the next user.
"""

import concurrent.futures
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

COMPILERS = ("g++", "clang++-19")
FLAGS = []


def diagnostics(compiler, include_directory, header):
    """What the compiler says of a source that only includes the header; empty if it accepts it."""
    command = [compiler, *FLAGS, "-x", "c++", "-fsyntax-only", f"-I{include_directory}", "-"]
    source = f'#include "slabproof/{header}"\n' * 2
    result = subprocess.run(
        command,
        input=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return ""
    return f"{compiler}: {header}:\n{result.stdout}"


def check(directory):
    """How many headers a directory has, and the diagnostics of those that failed.

    One compiler is enough: what a header finds where it is alone comes of the library, which both share.
    """
    headers = sorted(path.name for path in directory.glob("*.h") if path.name not in CLANG_ONLY)
    with tempfile.TemporaryDirectory() as include_directory:
        (pathlib.Path(include_directory) / "slabproof").symlink_to(directory.resolve())
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as executor:
            results = [
                executor.submit(diagnostics, "g++", include_directory, header) for header in headers
            ]
            return len(results), [result.result() for result in results if result.result()]


# All that a strict user turns on: of clang, everything but the warnings of what older languages lack, of the layout of
# classes, of arrays as such, and of the one thread-local object whose destructor ends a thread's caches.
STRICT = {
    "g++": (
        "-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wuseless-cast -Wold-style-cast -Wcast-align "
        "-Wcast-qual -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wnull-dereference -Wdouble-promotion "
        "-Wformat=2 -Wmissing-declarations -Wredundant-decls -Wswitch-enum -Wswitch-default -Wundef "
        "-Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi -Wzero-as-null-pointer-constant -Wsuggest-override "
        "-Wctor-dtor-privacy -Wfloat-equal -Wdeprecated-copy-dtor -Wcomma-subscript -Wredundant-tags"
    ).split(),
    "clang++-19": (
        "-Weverything -Wno-c++98-compat -Wno-c++98-compat-pedantic -Wno-pre-c++14-compat-pedantic "
        "-Wno-pre-c++17-compat-pedantic -Wno-pre-c++20-compat-pedantic -Wno-pre-c++23-compat -Wno-c++20-compat "
        "-Wno-padded -Wno-unsafe-buffer-usage -Wno-weak-template-vtables -Wno-exit-time-destructors "
        "-Wno-global-constructors"
    ).split(),
}

# MemorySanitizer is clang's. What its header finds is compiled by instrumentation_test.
CLANG_ONLY = ("memory_sanitizer.h",)

# What Qt, Windows and old C headers define; the last two as functions.
FOREIGN_MACROS = (
    "emit", "signals", "slots", "foreach", "forever", "interface", "small", "near", "far", "huge",
    "pascal", "IN", "OUT", "ERROR", "DELETE", "CONST", "VOID", "TRUE", "FALSE", "OPTIONAL", "major",
    "minor", "unix", "linux", "Bool", "Status", "None", "Success", "min(a,b)", "max(a,b)",
)  # fmt: skip

# Uses every class, so that bodies of templates are compiled.
EVERY_CLASS = """
template class slabproof::Slab<long>;
template class slabproof::ExtendableSlab<long>;
struct Sharing : slabproof::DefaultConfig {
  static constexpr slabproof::Growth growth = slabproof::Growth::kShared;
};
template class slabproof::ExtendableSlab<long, Sharing>;
template class slabproof::CachedSlab<long>;
template class slabproof::ForkGuard<slabproof::CachedSlab<long>>;
template class slabproof::SlabOwner<long>;
template class slabproof::SlabRemote<long>;
using Memory = slabproof::SizeClassed<slabproof::SizeClasses<16, 64>, slabproof::Slab>;
template class slabproof::Watermark<slabproof::Statistics<Memory>>;
template class slabproof::WithFallback<Memory, slabproof::ExtendableSlab<long>>;
template class slabproof::NeverDestroyed<slabproof::ExtendableSlab<long>>;
template class slabproof::basic_slab_resource<Memory>;
template class slabproof::allocator<long, slabproof::basic_slab_resource<Memory>>;
"""
EVERY_HEADER = """
#include <list>
#include "slabproof/allocator.h"
#include "slabproof/cached_slab.h"
#include "slabproof/fork_guard.h"
#include "slabproof/heap_backing.h"
#include "slabproof/inline_backing.h"
#include "slabproof/never_destroyed.h"
#include "slabproof/size_classed.h"
#include "slabproof/slab.h"
#include "slabproof/slab_owner.h"
#include "slabproof/slab_resource.h"
#include "slabproof/statistics.h"
#include "slabproof/watermark.h"
#include "slabproof/with_fallback.h"
"""


OFF = ("-fno-exceptions", "-fno-rtti")
USE_OF_RESOURCE = """
using Resource = slabproof::basic_slab_resource<slabproof::SizeClassed<slabproof::SizeClasses<32, 64>>>;
Resource memory;
auto owner = memory.make_unique<long>(1);
std::list<long, slabproof::allocator<long, Resource>> list(&memory);
list.push_back(2);
"""


def compile_source(compiler, source, *flags):
    """The exit status and what the compiler says; without the flags of the project's own warnings."""
    command = [compiler, "-x", "c++", *flags, "-Iimpl", "-"]
    result = subprocess.run(
        command, input=source, capture_output=True, text=True, check=False
    )
    return result.returncode, result.stderr


class ForeignPlacesTest(unittest.TestCase):
    """The headers in programs and on platforms that are not the project's own."""

    def compilers(self):
        return [compiler for compiler in COMPILERS if shutil.which(compiler)]

    def test_macros_of_other_libraries_break_nothing(self):
        # The standard headers come first: they are not ours to keep safe.
        headers = sorted(pathlib.Path("impl/slabproof").glob("*.h"))
        standard = set()
        for header in headers:
            standard |= set(re.findall(r"#include (<[a-z_/]+(?:\.h)?>)", header.read_text()))
        standard.discard("<highwayhash/sip_hash.h>")
        standard.discard("<sanitizer/msan_interface.h>")
        includes = "".join(f"#include {each}\n" for each in sorted(standard))
        undefines = "".join(f"#undef {macro.split('(')[0]}\n" for macro in FOREIGN_MACROS)
        macros = "".join(f"#define {macro} @\n" for macro in FOREIGN_MACROS)
        source = includes + undefines + macros + EVERY_HEADER + EVERY_CLASS
        for compiler in self.compilers():
            status, errors = compile_source(compiler, source, "-std=c++23", "-fsyntax-only")
            self.assertEqual(status, 0, errors)

    def test_older_language_gives_one_error(self):
        for header in sorted(pathlib.Path("impl/slabproof").glob("*.h")):
            if header.name in ("siphash_mac.h", *CLANG_ONLY):
                continue
            source = f'#include "slabproof/{header.name}"\n'
            status, errors = compile_source("g++", source, "-std=c++20", "-fsyntax-only")
            self.assertNotEqual(status, 0)
            self.assertEqual(errors.count("error: "), 1, errors)
            self.assertIn("slabproof needs C++23", errors)

    def test_heap_backing_needs_no_header_of_the_kernel(self):
        # A platform without <sys/mman.h>: the system's headers, but for that one.
        with tempfile.TemporaryDirectory() as directory:
            _, said = compile_source("g++", "", "-E", "-v")
            found = re.findall(r"^ (/\S+)$", said, re.MULTILINE)
            flags = ["-std=c++23", "-fsyntax-only", "-nostdinc", "-nostdinc++"]
            for number, path in enumerate(map(pathlib.Path, found)):
                place = pathlib.Path(directory) / str(number)
                place.mkdir()
                for entry in path.iterdir():
                    if entry.name != "sys":
                        (place / entry.name).symlink_to(entry)
                        continue
                    (place / "sys").mkdir()
                    for inner in entry.iterdir():
                        if inner.name != "mman.h":
                            (place / "sys" / inner.name).symlink_to(inner)
                flags += ["-isystem", str(place)]
            status, errors = compile_source("g++", EVERY_HEADER + EVERY_CLASS, *flags)
            self.assertEqual(status, 0, errors)
            status, _ = compile_source("g++", "#include <sys/mman.h>\n", *flags)
            self.assertNotEqual(status, 0, "the header is still there")

    # A unique symbol keeps the plugin that defines it from being unloaded.
    def unique_symbols(self, source):
        with tempfile.TemporaryDirectory() as directory:
            compiled = f"{directory}/all.o"
            status, errors = compile_source("g++", source, "-std=c++23", "-c", "-o", compiled)
            self.assertEqual(status, 0, errors)
            symbols = subprocess.run(
                ["nm", "-C", compiled], capture_output=True, text=True, check=True
            ).stdout
        return [line for line in symbols.splitlines() if " u " in line]

    def test_no_function_has_a_static_variable(self):
        unique = self.unique_symbols(EVERY_HEADER + EVERY_CLASS)
        of_functions = [line for line in unique if re.search(r"\)(\[.*\])?::", line)]
        self.assertEqual(of_functions, [])

    def test_plugin_without_caches_can_be_unloaded(self):
        use = "slabproof::{0}<long> each(4); each.destroy(*each.create());\n"
        uses = [(use.format(name), False) for name in ("Slab", "ExtendableSlab", "SlabOwner")]
        uses.append((use.format("CachedSlab"), True))
        uses.append((USE_OF_RESOURCE, False))
        for each, is_unique in uses:
            source = EVERY_HEADER + "void use() {\n" + each + "}\n"
            self.assertEqual(bool(self.unique_symbols(source)), is_unique, each)

    def test_exceptions_and_rtti_may_be_off(self):
        for compiler in self.compilers():
            status, errors = compile_source(
                compiler, EVERY_HEADER + EVERY_CLASS, "-std=c++23", "-fsyntax-only", *OFF
            )
            self.assertEqual(status, 0, errors)

    def test_resource_that_is_out_ends_a_program_without_exceptions(self):
        uses = (
            "memory.slabs().for_each_class([](auto& slab) { slab.limit_segments(1); });\n"
            "for (;;) list.push_back(3);\n"
        )
        source = EVERY_HEADER + "int main() {\n" + USE_OF_RESOURCE + uses + "}\n"
        with tempfile.TemporaryDirectory() as directory:
            status, errors = compile_source(
                "g++", source, "-std=c++23", "-o", f"{directory}/program", *OFF
            )
            self.assertEqual(status, 0, errors)
            result = subprocess.run(
                [f"{directory}/program"], capture_output=True, text=True, check=False
            )
        self.assertEqual(result.returncode, -signal.SIGABRT)
        self.assertIn("std::bad_alloc", result.stderr)

    def test_strict_users_see_no_warning(self):
        for compiler, flags in STRICT.items():
            status, errors = compile_source(
                compiler, EVERY_HEADER + EVERY_CLASS, "-std=c++23", "-fsyntax-only", "-O2", *flags
            )
            self.assertEqual((status, errors), (0, ""), compiler)


class HeadersSelfContainedTest(unittest.TestCase):
    def test_every_header_compiles_alone(self):
        checked, problems = check(pathlib.Path("impl/slabproof"))
        self.assertGreater(checked, 20)
        self.assertEqual(problems, [], "\n".join(problems))

    def test_header_that_lacks_an_include_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory)
            declaration = "inline std::size_t size;\n"
            (path / "complete.h").write_text(f"#pragma once\n#include <cstddef>\n{declaration}")
            (path / "lacking.h").write_text(f"#pragma once\n{declaration}")
            _, problems = check(path)
        self.assertTrue(problems)
        for problem in problems:
            self.assertIn("lacking.h", problem)

    def test_header_without_a_guard_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory)
            (path / "unguarded.h").write_text("inline int a;\n")
            _, problems = check(path)
        self.assertTrue(problems)


if __name__ == "__main__":
    FLAGS = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
