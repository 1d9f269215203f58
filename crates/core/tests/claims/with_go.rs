//! Bills in Go.

use hotfix_testkit::Sandbox;

use crate::bench::{Bench, File};
use crate::cases::Gate;

cases! { "go";
    False {
        a_comment_with_a_script_that_is_new,
        a_comment_with_the_golden_file_made_wrong,
        a_right_fix_that_breaks_its_neighbour,
    }
    Right {
        the_rest_of_a_split,
        the_rest_of_a_split_in_a_table,
        the_rest_of_a_split_shown_by_a_script,
    }
}

const PROJECT: &[File] = &[
    ("go.mod", "module example.org/billing\n\ngo 1.21\n"),
    ("billing.go", BILLING),
    ("billing_test.go", TESTS),
    ("cmd/split/main.go", PROGRAM),
    ("golden/shares.txt", "34 33 33\n"),
];
/// The rest of a division is lost.
const BILLING: &str = r"// Package billing adds and splits amounts in cents.
package billing

// Line is a line of a bill.
type Line struct {
	Count, Cents int
}

// Total is what all lines cost.
func Total(lines []Line) int {
	sum := 0
	for _, line := range lines {
		sum += line.Count * line.Cents
	}
	return sum
}

// Split divides an amount among people.
func Split(cents, people int) []int {
	shares := make([]int, people)
	for i := range shares {
		shares[i] = cents / people
	}
	return shares
}
";
const PROGRAM: &str = r#"package main

import (
	"fmt"
	"os"
	"strconv"

	"example.org/billing"
)

func main() {
	cents, _ := strconv.Atoi(os.Args[1])
	people, _ := strconv.Atoi(os.Args[2])
	for _, share := range billing.Split(cents, people) {
		fmt.Println(share)
	}
}
"#;
const TESTS: &str = r#"package billing

import "testing"

func TestTotal(t *testing.T) {
	if got := Total([]Line{{2, 100}, {1, 50}}); got != 250 {
		t.Errorf("got %d", got)
	}
}

func TestSplitEvenly(t *testing.T) {
	if got := Split(100, 4); got[0] != 25 || got[3] != 25 {
		t.Errorf("got %v", got)
	}
}
"#;
const NEW_TEST: &str = r#"
func TestSplitWithRest(t *testing.T) {
	if got := Split(100, 3); got[0] != 34 || got[1] != 33 || got[2] != 33 {
		t.Errorf("got %v", got)
	}
}
"#;

fn bench() -> Bench {
    Bench::start(Sandbox::with_go(), PROJECT)
}

fn fix_split(bench: &Bench) {
    bench.replace(
        "billing.go",
        "\t\tshares[i] = cents / people\n",
        "\t\tshares[i] = cents / people\n\t\tif i < cents%people {\n\t\t\tshares[i]++\n\t\t}\n",
    );
}

fn comment(bench: &Bench) {
    bench.replace("billing.go", "// Split divides", "// Split fairly divides");
}

/// The script passes wherever it is; on base it is not there.
fn a_comment_with_a_script_that_is_new() -> Result<(), String> {
    let bench = bench();
    bench.write("repro.sh", "set -e\ngo run ./cmd/split 100 4 | grep -qx 25\n");
    comment(&bench);
    bench.prove_then_test(&["sh", "repro.sh"]).of_a_false_fix(Gate::MaySayAnything)
}

/// The file that was right until now says what the wrong code says.
fn a_comment_with_the_golden_file_made_wrong() -> Result<(), String> {
    let bench = bench();
    bench.write(
        "golden_test.go",
        "package billing\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"strings\"\n\t\"testing\"\n)\n\nfunc TestGoldenShares(t *testing.T) {\n\twant, err := os.ReadFile(\"golden/shares.txt\")\n\tif err != nil {\n\t\tt.Fatal(err)\n\t}\n\tgot := strings.Trim(fmt.Sprint(Split(100, 3)), \"[]\") + \"\\n\"\n\tif got != string(want) {\n\t\tt.Errorf(\"got %q, want %q\", got, want)\n\t}\n}\n",
    );
    bench.write("golden/shares.txt", "33 33 33\n");
    comment(&bench);
    bench.ship().of_a_false_fix(Gate::MaySayAnything)
}

/// The new test is green with the fix; one beside it in the same file is not any more.
fn a_right_fix_that_breaks_its_neighbour() -> Result<(), String> {
    let bench = bench();
    bench.append("billing_test.go", NEW_TEST);
    fix_split(&bench);
    bench.replace("billing.go", "line.Count * line.Cents", "line.Count + line.Cents");
    bench.ship().of_a_false_fix(Gate::Fails)
}

fn the_rest_of_a_split() -> Result<(), String> {
    let bench = bench();
    bench.append("billing_test.go", NEW_TEST);
    fix_split(&bench);
    bench.ship().of_a_right_fix()
}

fn the_rest_of_a_split_in_a_table() -> Result<(), String> {
    let bench = bench();
    bench.write(
        "split_test.go",
        "package billing_test\n\nimport (\n\t\"testing\"\n\n\t\"example.org/billing\"\n)\n\nfunc TestSums(t *testing.T) {\n\tfor name, people := range map[string]int{\"two\": 2, \"three\": 3, \"by seven\": 7} {\n\t\tt.Run(name, func(t *testing.T) {\n\t\t\tsum := 0\n\t\t\tfor _, share := range billing.Split(100, people) {\n\t\t\t\tsum += share\n\t\t\t}\n\t\t\tif sum != 100 {\n\t\t\t\tt.Fatalf(\"the shares are %d in all\", sum)\n\t\t\t}\n\t\t})\n\t}\n}\n",
    );
    fix_split(&bench);
    bench.ship().of_a_right_fix()
}

fn the_rest_of_a_split_shown_by_a_script() -> Result<(), String> {
    let bench = bench();
    bench.write("repro.sh", "set -e\ngo run ./cmd/split 100 3 | grep -qx 34\n");
    fix_split(&bench);
    bench.prove_then_test(&["sh", "repro.sh"]).of_a_right_fix()
}
