//! The client: bounded in time, size and tries, and no token where it does not belong. The judge is the server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hotfix_core::error::Error;
use hotfix_core::forge::address::Address;
use hotfix_core::forge::http::{Http, HttpError, Patience, Scheme};
use hotfix_core::forge::token::Token;
use hotfix_model::ExitCode;
use hotfix_testkit::{Answer, Call, Sandbox, Web};
use serde_json::json;

const SECRET: &str = "t0ken-of-no-shape";

fn quick() -> Patience {
    let pause = Duration::from_millis(1);
    Patience {
        pause,
        longest_pause: Duration::from_secs(1),
        total: Duration::from_secs(2),
        ..Patience::default()
    }
}

fn client(web: &Web) -> Http {
    let ctx = Sandbox::new().ctx("/");
    let token = Token::new(SECRET, "127.0.0.1", "a test").unwrap();
    Http::new(&ctx, &Address::parse(&web.url()).unwrap(), quick()).with_token(Some(&token), Scheme::Bearer)
}

/// Fails `times` times with this answer, then goes well.
fn failing(times: usize, answer: Answer) -> Web {
    let calls = AtomicUsize::new(0);
    Web::new(move |_: &Call| match calls.fetch_add(1, Ordering::SeqCst) {
        call if call < times => answer.clone(),
        _ => Answer::json(200, &json!({ "good": true })),
    })
}

fn kind(error: &Error) -> &HttpError {
    error.downcast_ref().unwrap_or_else(|| panic!("{error:?}"))
}

#[test]
fn what_may_be_done_twice_is_tried_again() {
    for busy in [429, 500, 502, 503] {
        let web = failing(2, Answer::json(busy, &json!({})).header("retry-after", "0"));
        assert_eq!(client(&web).get("/x").unwrap().status, 200, "{busy}");
        assert_eq!(web.lines(), ["GET /x", "GET /x", "GET /x"]);
    }
    let web = failing(2, Answer::Cut);
    let client = client(&web);
    assert_eq!(client.put("/x", &json!({})).unwrap().status, 200);
    assert_eq!(client.calls(), 3);
}

#[test]
fn what_makes_something_is_sent_once() {
    for answer in [Answer::json(503, &json!({})), Answer::Cut] {
        let web = failing(1, answer);
        let reply = client(&web).post("/x", &json!({ "title": "fix" }));
        assert!(reply.is_err() || reply.unwrap().status == 503);
        assert_eq!(web.calls().len(), 1);
        assert_eq!(web.calls()[0].json(), json!({ "title": "fix" }));
    }
}

#[test]
fn a_pause_that_is_too_long_is_not_waited_for() {
    let web = failing(1, Answer::json(429, &json!({ "message": "slow down" })).header("retry-after", "3600"));
    let error: Error = client(&web).get("/x").unwrap().ok().unwrap_err().into();
    assert_eq!((error.why().as_str(), error.exit()), ("slow down", ExitCode::REMOTE));
    assert_eq!(web.calls().len(), 1);
}

/// GitHub's own answers: too many requests are a 403 there, which else is about the token.
#[test]
fn too_many_requests_are_not_taken_for_a_token_that_may_not() {
    let said = json!({ "message": "You have triggered an abuse detection mechanism." });
    let web = failing(1, Answer::json(403, &said).header("retry-after", "0"));
    assert_eq!(client(&web).get("/x").unwrap().status, 200);

    let web = failing(1, Answer::json(403, &said).header("retry-after", "60"));
    let error: Error = client(&web).get("/x").unwrap().ok().unwrap_err().into();
    assert!(matches!(kind(&error), HttpError::Limited { .. }), "{error:?}");
    assert_eq!((kind(&error).status(), error.next().as_str()), (Some(429), "git hotfix ship  # in 1 min"));

    let spent = json!({ "message": "API rate limit exceeded for user ID 7." });
    let spent = Answer::json(403, &spent).header("x-ratelimit-remaining", "0");
    let web = failing(1, spent.clone().header("x-ratelimit-reset", "99999999999"));
    let error: Error = client(&web).get("/x").unwrap().ok().unwrap_err().into();
    assert!(matches!(kind(&error), HttpError::Limited { wait: Some(_), .. }), "{error:?}");
    assert_eq!(web.calls().len(), 1);
    let web = failing(1, spent);
    let error: Error = client(&web).get("/x").unwrap().ok().unwrap_err().into();
    assert!(matches!(kind(&error), HttpError::Limited { wait: None, .. }), "{error:?}");

    let refused = json!({ "message": "Resource not accessible by personal access token" });
    let web = failing(1, Answer::json(403, &refused).header("x-ratelimit-remaining", "4999"));
    let error: Error = client(&web).get("/x").unwrap().ok().unwrap_err().into();
    assert!(error.next().contains("which token"), "{}", error.next());
}

#[test]
fn an_answer_without_end_is_left() {
    let web = Web::new(|_| Answer::Long(1 << 30));
    let error = client(&web).get("/x").unwrap_err();
    assert!(matches!(kind(&error), HttpError::TooLarge { .. }), "{error:?}");
}

#[test]
fn an_answer_that_does_not_come_ends_in_time() {
    let web = Web::new(|_| Answer::Stuck);
    let patience = Patience { total: Duration::from_millis(200), tries: 1, ..quick() };
    let http = Http::new(&Sandbox::new().ctx("/"), &Address::parse(&web.url()).unwrap(), patience);
    let error = http.get("/x").unwrap_err();
    assert!(matches!(kind(&error), HttpError::Unreachable { .. }), "{error:?}");
}

#[test]
fn no_redirect_leaves_the_host() {
    let other = Web::new(|_| Answer::json(200, &json!({})));
    let target = format!("{}/elsewhere", other.url());
    let web = Web::new(move |_| Answer::json(302, &json!({})).header("location", target.clone()));
    let error = client(&web).get("/x").unwrap_err();
    assert!(matches!(kind(&error), HttpError::Redirected { .. }), "{error:?}");
    assert_eq!(other.lines(), Vec::<String>::new());
}

#[test]
fn a_redirect_on_the_host_is_followed() {
    let web = Web::new(|call| match call.path.as_str() {
        "/old" => Answer::json(301, &json!({})).header("location", "/new"),
        "/new" => Answer::json(200, &json!({})),
        _ => Answer::json(302, &json!({})).header("location", "/circle"),
    });
    assert_eq!(client(&web).get("/old").unwrap().status, 200);
    assert!(client(&web).get("/circle").is_err());
}

#[test]
fn a_token_is_for_its_host_alone() {
    let web = Web::new(|_| Answer::json(200, &json!({})));
    client(&web).get("/x").unwrap();
    assert_eq!(web.calls()[0].header("authorization"), Some(format!("Bearer {SECRET}").as_str()));
    let other = Token::new(SECRET, "forge.example", "a test").unwrap();
    let http = client(&web).with_token(Some(&other), Scheme::Token);
    http.get("/y").unwrap();
    assert_eq!(web.calls()[1].header("authorization"), None);
    assert!(!http.has_token());
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let http = Http::new(&Sandbox::new().ctx("/"), &Address::parse("http://forge.invalid").unwrap(), quick());
    let error = http.get("/x").unwrap_err();
    assert!(matches!(kind(&error), HttpError::NotSecure { .. }), "{error:?}");
    assert_eq!(http.calls(), 0);
}

#[test]
fn a_refusal_tells_the_forges_words_and_no_token() {
    let web = Web::new(|call| {
        let said = format!("no: {}", call.header("authorization").unwrap());
        let answer = Answer::json(422, &json!({ "message": said, "errors": [{ "message": "and\nmore" }] }));
        answer.header("x-request-id", "abc-1")
    });
    let http = client(&web);
    let error: Error = http.get("/x").unwrap().ok().unwrap_err().into();
    assert_eq!(error.why(), "no: Bearer ***; and more (request abc-1)");
    assert!(!format!("{http:?} {error:?} {error} {}", error.why()).contains(SECRET));
}
