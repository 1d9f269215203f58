//! Real `CMake` and ctest on small projects in C.

use std::time::Duration;

use hotfix_core::suite::{Place, Runner, Selection};
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped, TimedOut};
use hotfix_model::RunEnd;
use hotfix_testkit::tools;

use super::{Project, files, found, frame, outcomes, reason};

const LISTS: &str = "cmake_minimum_required(VERSION 3.16)\nproject(till C)\ninclude(CTest)\nadd_library(till src/till.c)\nadd_subdirectory(tests)\n";
const TESTS: &str = "foreach(name adds hangs skips zero)
  add_executable(${name}_test ${name}_test.c)
  target_link_libraries(${name}_test till)
  target_include_directories(${name}_test PRIVATE ../src)
  add_test(NAME ${name} COMMAND ${name}_test)
endforeach()
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME script COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/run.sh)
add_test(NAME gone COMMAND gone_program)
";
const ADDS: &str = "#include <assert.h>\n#include \"till.h\"\nint main(void) { assert(sum(1, 0) == 1); assert(sum(2, 1) == 3); return 0; }\n";
const ZERO: &str = "#include \"till.h\"\nint main(void) { return sum(0, 0); }\n";

fn project() -> (Project, Box<dyn Runner>) {
    let all = [
        ("native/CMakeLists.txt", LISTS),
        ("native/src/till.c", "int sum(int a, int b) { return a - b; }\n"),
        ("native/src/till.h", "int sum(int a, int b);\n"),
        ("native/tests/CMakeLists.txt", TESTS),
        ("native/tests/adds_test.c", ADDS),
        ("native/tests/hangs_test.c", "#include <unistd.h>\nint main(void) { sleep(600); return 0; }\n"),
        ("native/tests/skips_test.c", "int main(void) { return 77; }\n"),
        ("native/tests/zero_test.c", ZERO),
        ("native/tests/run.sh", "echo no till; exit 3\n"),
        ("third_party/other/CMakeLists.txt", LISTS),
    ];
    let project = Project::new(&all);
    let mut path = tools::CMAKE.folder().join("bin").into_os_string();
    path.push(":");
    path.push(project.ctx().env.get("PATH").unwrap());
    (project.set("PATH", path), found(&all))
}

/// Takes a second: a hang is the subject.
#[test]
fn every_kind_of_end_is_read_and_named_by_file() {
    let (project, runner) = project();
    assert_eq!(runner.name(), "ctest");
    let limit = Some(Duration::from_secs(1));
    let run = project.run_within(runner.as_ref(), &Selection::Everything, Duration::from_mins(2), limit);
    let wanted = [
        ("native/CMakeLists.txt::gone", Failed),
        ("native/tests/adds_test.c::adds", Failed),
        ("native/tests/hangs_test.c::hangs", TimedOut),
        ("native/tests/run.sh::script", Failed),
        ("native/tests/skips_test.c::skips", Skipped),
        ("native/tests/zero_test.c::zero", Passed),
    ];
    assert_eq!(outcomes(&run), wanted, "{run:#?}");
    assert_eq!((run.claimed, run.exit, run.end), (Some(6), Some(8), RunEnd::Finished));
    assert!(reason(&run, "native/tests/adds_test.c::adds").contains("Assertion `sum(2, 1) == 3' failed"));
    assert_eq!(reason(&run, "native/tests/run.sh::script"), "no till");
    assert_eq!(frame(&run, "native/tests/adds_test.c::adds"), Some("native/tests/adds_test.c:main"));
    assert_eq!(frame(&run, "native/tests/run.sh::script"), None);
    let left: Vec<_> = std::fs::read_dir(project.root().join("native")).unwrap().collect();
    assert_eq!(left.len(), 3, "built in the slot: {left:?}");
}

#[test]
fn files_and_single_tests_are_singled_out_and_dependents_are_known() {
    let (project, runner) = project();
    let run =
        project.run(runner.as_ref(), &files(&["native/tests/zero_test.c", "native/tests/skips_test.c"]));
    let wanted = [("native/tests/skips_test.c::skips", Skipped), ("native/tests/zero_test.c::zero", Passed)];
    assert_eq!(outcomes(&run), wanted, "{run:#?}");
    let one = Selection::Cases(vec!["native/tests/adds_test.c::adds".to_owned()]);
    assert_eq!(outcomes(&project.run(runner.as_ref(), &one)), [("native/tests/adds_test.c::adds", Failed)]);
    project.write(&[("native/src/till.c", "int sum(int a, int b) { return a + b; }\n")]);
    assert!(project.run(runner.as_ref(), &one).is_green());

    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    let related = |source: &str| runner.related(&project.ctx(), &place, &[source.into()]);
    let names = ["adds", "hangs", "skips", "zero"];
    let wanted = names.map(|name| std::path::PathBuf::from(format!("native/tests/{name}_test.c")));
    assert_eq!(related("native/src/till.c").unwrap(), wanted);
    assert_eq!(related("native/src/till.h"), None);
}

#[test]
fn what_a_built_project_registers_is_listed_and_what_it_leaves_out_is_not() {
    let (project, runner) = project();
    let kept = "add_executable(adds_test adds_test.c)\ntarget_link_libraries(adds_test till)\ntarget_include_directories(adds_test PRIVATE ../src)\nadd_test(NAME adds COMMAND adds_test)\nadd_executable(zero_test zero_test.c)\ntarget_link_libraries(zero_test till)\ntarget_include_directories(zero_test PRIVATE ../src)\nadd_test(NAME zero COMMAND zero_test)\nset_tests_properties(zero PROPERTIES DISABLED TRUE)\n";
    project.write(&[("native/tests/CMakeLists.txt", kept)]);
    assert_eq!(project.listed(runner.as_ref()), None, "nothing is built yet");
    project.run(runner.as_ref(), &files(&["native/tests/adds_test.c"]));
    assert_eq!(project.listed(runner.as_ref()).unwrap(), ["native/tests/adds_test.c"]);
}

#[test]
fn what_does_not_compile_is_named_and_an_old_program_of_it_does_not_run() {
    let (project, runner) = project();
    let both = files(&["native/tests/zero_test.c", "native/tests/adds_test.c"]);
    assert_eq!(project.run(runner.as_ref(), &both).cases.len(), 2);
    project.write(&[("native/tests/zero_test.c", "int main(void) { return gone; }\n")]);
    let run = project.run(runner.as_ref(), &both);
    assert_eq!(outcomes(&run), [("native/tests/adds_test.c::adds", Failed)], "{run:#?}");
    let [(file, why)] = run.not_loaded.as_slice() else { panic!("{run:#?}") };
    assert_eq!(file, "native/tests/zero_test.c");
    assert!(
        why.starts_with("does not compile: ") && why.contains("gone") && why.ends_with("(line 1)"),
        "{why}"
    );
    project.write(&[("native/CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(till C)\ninclude(CTest)\nmessage(FATAL_ERROR \"no till\")\n")]);
    let run = project.run(runner.as_ref(), &both);
    assert!(!run.is_green() && run.cases.is_empty(), "{run:#?}");
    assert!(run.not_loaded[0].1.contains("no till"), "{run:#?}");
}
