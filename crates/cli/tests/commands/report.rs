//! report and postmortem, as they are typed.

use crate::case::{Case, ID};

#[test]
fn a_report_is_printed_in_the_form_that_was_asked_for() {
    let case = Case::new();
    case.hotfix().must(["start", "=HYPERLINK(\"http://x\")\u{1b}[31m, \"now\""]);
    let csv = case.hotfix().must(["report", "--format", "csv"]).stdout;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains(",\"'=HYPERLINK(\"\"http://x\"\"), \"\"now\"\"\","), "{csv}");
    let page = case.hotfix().must(["report", "--format", "html"]).stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"), "{page}");
    let table = case.hotfix().must(["report"]).stdout;
    assert!(table.contains(ID) && table.contains("1 emergency change, 0 shipped"), "{table}");
    let none = case.hotfix().must(["report", "--until", "2020-01-01"]).stdout;
    assert_eq!(none.trim(), "no emergency change in this period");
    case.assert_untouched();
}

#[test]
fn a_post_mortem_that_is_not_filled_does_not_settle_the_debt() {
    let mut case = Case::fixed();
    assert_eq!(case.ship().code, 0);
    assert!(
        case.run(&["postmortem", "done", ID])
            .starts_with("exit 2\nerror: there is no post-mortem of 1.2.3 yet")
    );
    case.hotfix().must(["postmortem", ID]);
    case.settle();
    let output = case.hotfix().run(["postmortem", "done", ID]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        output.stdout.contains("Root cause") && output.stdout.contains("not settled"),
        "{}",
        output.stdout
    );
    assert!(case.hotfix().must(["postmortem", ID]).stdout.contains(&format!("-{ID}.md")));
}
