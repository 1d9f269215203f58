//! The pages in a real browser: nothing runs, nothing is loaded, nothing sticks out, whatever the records hold.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use hotfix_core::journey::postmortem;
use hotfix_core::journey::report;
use hotfix_model::Gate;
use hotfix_testkit::till::FIXED_SOURCE;
use hotfix_testkit::{Responder, Sandbox, tools};
use serde_json::Value;

const HOSTILE: &str = "<script>document.title='ran'</script>\"><img src=x onerror=\"parent.document.title='ran'\"> \
                       \u{202e}txet</title></style><svg onload=alert(1)> averyveryveryveryveryverylongwordwithoutanybreakinit\
                       averyveryveryveryveryverylongwordwithoutanybreakinitaveryveryveryveryveryverylongword";

/// Report and post-mortem of a hotfix whose every text is hostile.
fn pages(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    let repo = sandbox.till();
    repo.git(["config", "user.name", "<b>Eve</b>\"><img src=y>"]);
    let responder = Responder::at(sandbox, repo.path()).with("submit.merge", "direct");
    responder.trust();
    responder.start(HOSTILE);
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    let test = format!(
        "test \"$(sh src/till.sh 1 2)\" = 3 || {{ echo '{}'; exit 1; }}\n",
        HOSTILE.replace('\'', "")
    );
    responder.slot().write("tests/test_till.sh", test);
    responder
        .try_ship("<i>totals</i>", &[(Gate::Check, "<script>alert(3)</script>")])
        .map_err(|stopped| stopped.error)
        .unwrap();
    let project = responder.project();
    let written = postmortem::apply(&project, "1.2.3", &postmortem::Request::default()).unwrap();
    let answers = fs::read_to_string(repo.file(&written.path)).unwrap() + "\n| <img src=z> | @eve |\n";
    repo.write(&written.path, answers.replace("## Impact", &format!("## Impact\n\n{HOSTILE}\n")));
    postmortem::apply(&project, "1.2.3", &postmortem::Request::default()).unwrap();
    let report = report::html(&report::of(&project, report::Request::default()).unwrap()).unwrap();
    vec![("report", report), ("post-mortem", fs::read_to_string(repo.file(written.html)).unwrap())]
}

/// Opens a page; gives its document as it is in the end, and what the browser said.
#[expect(clippy::disallowed_methods, reason = "the judge of a page is a browser")]
fn open(sandbox: &Sandbox, page: &Path) -> (String, String) {
    let output = Command::new(tools::browser())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--dump-dom",
        ])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1500,1200"])
        .arg(format!("--user-data-dir={}", sandbox.root().join("browser").display()))
        .arg(format!("file://{}", page.display()))
        .env("HOME", sandbox.home())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn console(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.contains("CONSOLE")).collect()
}

/// A page that shows another in two frames, without its policy, and measures what it became.
fn measured(page: &str) -> String {
    let start = page.find("<meta http-equiv").expect("a policy");
    let end = start + page[start..].find('>').unwrap() + 1;
    let free = format!("{}{}", &page[..start], &page[end..]);
    let inner = free.replace('&', "&amp;").replace('"', "&quot;");
    let frame =
        |width: u32| format!("<iframe width={width} height=900 frameborder=0 srcdoc=\"{inner}\"></iframe>");
    format!(
        "<!DOCTYPE html><meta charset=utf-8><title>waiting</title><body>{}{}<pre id=found></pre><script>\
         onload = () => {{\
           const look = (frame) => {{\
             const page = frame.contentDocument, root = page.documentElement;\
             const count = (names) => page.querySelectorAll(names).length;\
             return {{ width: root.clientWidth, needs: root.scrollWidth, svg: count('svg'),\
               foreign: count('script,img,iframe,object,embed,b b,i,form,[onload],[onerror]'),\
               loaded: frame.contentWindow.performance.getEntriesByType('resource').length,\
               text: page.body.innerText.includes('<script>') }};\
           }};\
           document.getElementById('found').textContent = JSON.stringify([...document.querySelectorAll('iframe')].map(look));\
         }};</script>",
        frame(360),
        frame(1400)
    )
}

#[test]
fn pages_are_still_and_fit_every_screen() {
    let sandbox = Sandbox::new();
    for (name, page) in pages(&sandbox) {
        let file = sandbox.root().join(format!("{name}.html"));
        fs::write(&file, &page).unwrap();
        let (document, said) = open(&sandbox, &file);
        assert!(document.contains("<svg"), "{name} is not shown: {document}");
        assert_eq!(console(&said), Vec::<&str>::new(), "{name}");
        fs::write(&file, measured(&page)).unwrap();
        let (document, said) = open(&sandbox, &file);
        assert_eq!(console(&said), Vec::<&str>::new(), "{name} in a frame");
        assert!(document.contains("<title>waiting</title>"), "{name}: something ran");
        let found =
            document.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap();
        let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let frames: Vec<Value> = serde_json::from_str(&found).unwrap();
        for (frame, width) in frames.iter().zip([360, 1400]) {
            assert_eq!(frame["width"].as_u64().map(|found| found <= width), Some(true), "{frame}");
            assert!(
                frame["needs"].as_u64() <= frame["width"].as_u64(),
                "{name} sticks out at {width}: {frame}"
            );
            assert_eq!((&frame["foreign"], &frame["loaded"]), (&0.into(), &0.into()), "{name}: {frame}");
            assert_eq!(frame["text"], true, "{name}: what is hostile is shown as text");
        }
    }
}
