//! A ring buffer in C, built by `CMake` and tested by ctest.

use hotfix_testkit::{Sandbox, tools};

use crate::bench::{Bench, File};
use crate::cases::Gate;

cases! { "cmake";
    False { a_comment_with_a_test_that_is_declared_to_fail, a_branch_that_is_never_compiled }
    Right { a_full_ring_refuses, an_empty_ring_says_so }
}

const PROJECT: &[File] = &[
    (".gitignore", "build/\n"),
    ("CMakeLists.txt", LISTS),
    (
        "src/ring.h",
        "struct ring { int items[4]; int first, count; };\nint ring_push(struct ring *ring, int item);\nint ring_pop(struct ring *ring, int *item);\n",
    ),
    ("src/ring.c", RING),
    ("tests/order_test.c", ORDER_TEST),
];
const LISTS: &str = r"cmake_minimum_required(VERSION 3.16)
project(ring C)
enable_testing()
add_library(ring src/ring.c)
target_include_directories(ring PUBLIC src)
file(GLOB tests CONFIGURE_DEPENDS tests/*_test.c)
foreach(file ${tests})
  get_filename_component(name ${file} NAME_WE)
  add_executable(${name} ${file})
  target_link_libraries(${name} ring)
  add_test(NAME ${name} COMMAND ${name})
endforeach()
";
/// A full ring overwrites, and an empty one gives what is not there.
const RING: &str = r#"#include "ring.h"

int ring_push(struct ring *ring, int item)
{
	ring->items[(ring->first + ring->count) % 4] = item;
	ring->count++;
	return 0;
}

int ring_pop(struct ring *ring, int *item)
{
	*item = ring->items[ring->first];
	ring->first = (ring->first + 1) % 4;
	ring->count--;
	return 0;
}
"#;
const ORDER_TEST: &str = r#"#include "ring.h"

int main(void)
{
	struct ring ring = {{0}, 0, 0};
	int item;
	ring_push(&ring, 7);
	ring_push(&ring, 8);
	ring_pop(&ring, &item);
	return item == 7 ? 0 : 1;
}
"#;
const FULL_TEST: &str = r#"#include <stdio.h>
#include "ring.h"

int main(void)
{
	struct ring ring = {{0}, 0, 0};
	for (int i = 0; i < 4; i++)
		ring_push(&ring, i);
	int refused = ring_push(&ring, 4);
	if (refused != -1)
		printf("pushed a fifth item: %d\n", refused);
	return refused == -1 ? 0 : 1;
}
"#;
const REFUSES: &str = "\tif (ring->count == 4)\n\t\treturn -1;\n";

fn bench() -> Bench {
    let sandbox = Sandbox::new();
    let folder = tools::CMAKE.folder().join("bin");
    let path = sandbox.variables().remove(std::ffi::OsStr::new("PATH")).unwrap_or_default();
    let folders = [folder].into_iter().chain(std::env::split_paths(&path));
    sandbox.env_set("PATH", std::env::join_paths(folders).unwrap());
    Bench::start(sandbox, PROJECT)
}

fn before_push(bench: &Bench, text: &str) {
    let line = "\tring->items[(ring->first";
    bench.replace("src/ring.c", line, &format!("{text}{line}"));
}

/// The code is as it was; the build says that the test should fail.
fn a_comment_with_a_test_that_is_declared_to_fail() -> Result<(), String> {
    let bench = bench();
    bench.write("tests/full_test.c", FULL_TEST);
    bench.append(
        "CMakeLists.txt",
        "if(TEST full_test)\n  set_tests_properties(full_test PROPERTIES WILL_FAIL TRUE)\nendif()\n",
    );
    before_push(&bench, "\t/* Nobody looks whether it is full. */\n");
    bench.ship().of_a_false_fix(Gate::MaySayAnything)
}

fn a_branch_that_is_never_compiled() -> Result<(), String> {
    let bench = bench();
    bench.write("tests/full_test.c", FULL_TEST);
    before_push(&bench, &format!("#ifdef RING_CHECKED\n{REFUSES}#endif\n"));
    bench.ship().of_a_false_fix(Gate::Fails)
}

fn a_full_ring_refuses() -> Result<(), String> {
    let bench = bench();
    bench.write("tests/full_test.c", FULL_TEST);
    before_push(&bench, REFUSES);
    bench.ship().of_a_right_fix()
}

fn an_empty_ring_says_so() -> Result<(), String> {
    let bench = bench();
    bench.write(
        "tests/empty_test.c",
        "#include <assert.h>\n#include \"ring.h\"\n\nint main(void)\n{\n\tstruct ring ring = {{0}, 0, 0};\n\tint item = 0;\n\tassert(ring_pop(&ring, &item) == -1);\n\treturn 0;\n}\n",
    );
    bench.replace(
        "src/ring.c",
        "\t*item = ring->items",
        "\tif (ring->count == 0)\n\t\treturn -1;\n\t*item = ring->items",
    );
    bench.ship().of_a_right_fix()
}
