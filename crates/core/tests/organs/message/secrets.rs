//! The scan for secrets. Every token here is made up and put together when the test runs, so that nothing that scans
//! this file takes one for real.

use std::fs;
use std::path::{Path, PathBuf};

use hotfix_core::git::{FileDiff, Hunk};
use hotfix_core::message::scan;

/// Text that looks drawn at random from an alphabet, the same every time.
fn random(alphabet: &str, length: usize, seed: u64) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % alphabet.len()
    };
    (0..length).map(|_| alphabet[next()]).collect()
}

const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const WORD: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn word(length: usize, seed: u64) -> String {
    random(WORD, length, seed)
}

fn hex(length: usize, seed: u64) -> String {
    random(HEX, length, seed)
}

/// One line per kind of secret, in the ways they are written.
fn fake_secrets(seed: u64) -> Vec<String> {
    let w = |length| word(length, seed + length as u64);
    let h = |length| hex(length, seed + length as u64);
    let mut lines: Vec<String> =
        ["ghp", "gho", "ghu", "ghs", "ghr"].iter().map(|kind| format!("t = '{kind}_{}'", w(36))).collect();
    lines.extend(["glpat", "gldt", "glrt", "glcbt", "glptt"].iter().map(|kind| format!("{kind}-{}", w(20))));
    lines.extend(
        ["AKIA", "ASIA"].iter().map(|kind| format!("aws_access_key_id = {kind}{}", random(UPPER, 16, seed))),
    );
    lines.extend(["b", "p", "a", "s"].iter().map(|kind| {
        format!("SLACK=xox{kind}-{}-{}-{}", random(DIGITS, 12, seed), random(DIGITS, 12, seed + 1), w(24))
    }));
    lines.extend([
        format!("token: github_{}_{}_{}", "pat", w(22), w(59)),
        format!("aws_secret_access_key = {}", w(40)),
        format!("\"SecretAccessKey\": \"{}\"", w(40)),
        format!("AWS_SECRET_ACCESS_KEY={}", w(40)),
        format!("key: AI{}{}", "za", w(35)),
        format!("GO{}-{}", "CSPX", w(28)),
        format!(
            "https://hooks.slack.com/{}/T{}/B{}/{}",
            "services",
            random(UPPER, 8, seed),
            random(UPPER, 9, seed),
            w(24)
        ),
        format!("s{}_live_{}", "k", w(24)),
        format!("r{}_live_{}", "k", w(24)),
        format!("whs{}_{}", "ec", w(32)),
        format!("twilio = \"S{}{}\"", "K", h(32)),
        format!("S{}.{}.{}", "G", w(22), w(43)),
        format!("mailgun: ke{}-{}", "y", h(32)),
        format!("//registry.npmjs.org/:_authToken=np{}_{}", "m", w(36)),
        format!("_authTo{}={}", "ken", w(40)),
        format!("password = py{}-AgEIcHlwaS5vcmc{}", "pi", w(80)),
        format!("docker login -p dck{}_pat_{}", "r", w(27)),
        format!("HF_TOKEN=h{}_{}", "f", w(34)),
        format!("OPENAI_API_KEY=s{}-proj-{}", "k", w(64)),
        format!("s{}-{}T3Blbk{}{}", "k", w(20), "FJ", w(20)),
        format!("s{}-{}", "k", w(48)),
        format!("ANTHROPIC_API_KEY=s{}-ant-api03-{}", "k", w(93)),
        format!("DefaultEndpointsProtocol=https;AccountName=x;Account{}={}==;", "Key", w(86)),
        format!("client_secret: {}8Q{}{}", w(3), "~", w(34)),
        format!("do{}_v1_{}", "p", h(64)),
        format!("shp{}_{}", "at", h(32)),
        format!("da{}{}", "pi", h(32)),
        format!("VAULT_TOKEN=hv{}.{}", "s", w(90)),
        format!("{}.atlas{}.{}", w(14), "v1", w(67)),
        format!("gl{}_{}", "sa", w(41)),
        format!("lin_{}_{}", "api", w(40)),
        format!("PM{}-{}-{}", "AK", h(24), h(34)),
        format!("AGE-SECRET-{}-1{}", "KEY", random(UPPER, 58, seed)),
        format!("bot {}:A{}{}", random(DIGITS, 10, seed), "A", w(33)),
        format!("https://discord.com/api/{}/{}/{}", "webhooks", random(DIGITS, 18, seed), w(68)),
        format!("Authorization: Bearer ey{}{}.ey{}{}.{}", "J", w(30), "J", w(60), w(43)),
        format!("rubyg{}_{}", "ems", h(48)),
        format!("ci{}{}", "o", w(32)),
        format!("postgres://app:{}@db7.prod.internal:5432/app", w(18)).replace("db7", "pg7"),
        format!("\"https://deploy:{}@git.company.net/x.git\"", w(20)),
        format!("password = \"{}\"", w(24)),
        format!("'api_key' => '{}',", w(32)),
        format!("const clientSecret: string = \"{}\"", "x").replace('x', "")
            + &format!(" // secret = '{}'", w(40)),
        format!("FLASK_SECRET_KEY = '{}'", h(64)),
        format!("  \"private_key\": \"-----BEGIN PRIVATE{}-----\\n{}\\n", " KEY", w(64)),
    ]);
    for kind in ["RSA", "EC", "OPENSSH", "DSA", "ENCRYPTED"] {
        lines.push(format!("-----BEGIN {kind} PRIVATE{}-----\n{}", " KEY", w(64)));
    }
    lines
}

fn diff(text: &str) -> FileDiff {
    let added = text.lines().map(|line| line.as_bytes().to_vec()).collect();
    FileDiff {
        path: PathBuf::from("a"),
        hunks: vec![Hunk { old_start: 0, old_lines: 0, new_start: 10, added }],
    }
}

#[test]
fn finds_nearly_every_fake_secret() {
    let mut missed = Vec::new();
    let mut total = 0;
    for seed in 1..=20 {
        for line in fake_secrets(seed) {
            total += 1;
            if scan(&[diff(&line)]).len() != 1 {
                missed.push(line);
            }
        }
    }
    assert!(total >= 20 * 60, "{total}");
    assert!(missed.len() * 20 <= total, "{} of {total} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn tells_where_and_shows_four_characters() {
    let token = format!("gh{}_{}", "p", word(36, 7));
    let found = scan(&[diff(&format!("first\nx = '{token}'\nlast"))]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].line, found[0].kind, found[0].shown.as_str()), (11, "GitHub token", "ghp_…"));
}

#[test]
fn placeholders_are_no_secrets() {
    let key_header = ["-----BEGIN RSA PRIVATE", " KEY-----"].concat();
    let lines = [
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE".to_owned(),
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        format!("token = 'gh{}_{}'", "p", "x".repeat(36)),
        format!("token = 'gh{}_{}'", "p", "1234567890".repeat(4)),
        format!("glpat-{}", "a".repeat(20)),
        "password = \"${DATABASE_PASSWORD_2}\"".to_owned(),
        "password: '<your-password-Here-123>'".to_owned(),
        "postgres://postgres:postgres@localhost:5432/app".to_owned(),
        "postgres://user:Passw0rd1234@localhost/app".to_owned(),
        "https://user:password@example.com/".to_owned(),
        "https://${USER}:${TOKEN_2024}@github.com/x".to_owned(),
        "https://x-access-token:{token1}@github.com/x".to_owned(),
        format!("if line == \"{key_header}\":"),
        format!("{key_header}\n...\n"),
        "SECRET_KEY = os.environ['DJANGO_SECRET_KEY_V2']".to_owned(),
    ];
    for line in lines {
        assert_eq!(scan(&[diff(&line)]), [], "{line}");
    }
}

#[test]
fn ordinary_code_holds_no_secret() {
    let snippets = [
        format!("\"integrity\": \"sha512-{}==\",", word(86, 3)),
        format!("checksum = \"{}\"", hex(64, 4)),
        format!("commit {}", hex(40, 5)),
        format!("background: url(data:image/png;base64,iVBORw0KGgo{})", word(4000, 6)),
        format!("id = \"{}-{}-{}-{}-{}\"", hex(8, 1), hex(4, 2), hex(4, 3), hex(4, 4), hex(12, 5)),
        format!("cache_key = \"{}\"", hex(40, 8)),
        format!("token = hashlib.sha256(b'{}').hexdigest()", word(20, 9)),
        format!("KEY_ID: arn:aws:kms:eu-west-1:{}:key/{}", random(DIGITS, 12, 1), hex(8, 9)),
        format!("ssh-rsa AAAAB3NzaC1yc2E{} me@host", word(300, 10)),
        "secret_name = \"projects/production/secrets/DatabasePassword2024\"".to_owned(),
        "token_type = \"urn:ietf:params:oauth:token-type:access_token\"".to_owned(),
        "const tokenName = \"UserAuthenticationTokenValidator2Factory\"".to_owned(),
        "password_reset_url = \"https://app.company.net/Reset/Password/V2/Form1\"".to_owned(),
        "assert risk-free task-list disk-usage desk-top".to_owned(),
        "git remote add origin git@github.com:org/repo.git".to_owned(),
        "see https://host/a:b@c and mailto:a@b.c".to_owned(),
        "npm_config_registry npm_lifecycle_event hf_hub_download glpat- SK SG.x.y".to_owned(),
        "raise ValueError('token must be a string, not %s' % type(token))".to_owned(),
    ];
    for snippet in snippets {
        assert_eq!(scan(&[diff(&snippet)]), [], "{snippet}");
    }
}

#[test]
fn our_own_repository_holds_no_secret() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![root.join("Cargo.lock"), root.join("Cargo.toml")];
    sources(&root.join("crates"), &mut files);
    sources(&root.join("xtask"), &mut files);
    assert!(files.len() > 50, "{}", files.len());
    for file in files {
        assert_eq!(scan(&[diff(&fs::read_to_string(&file).unwrap())]), [], "{}", file.display());
    }
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "toml") {
            found.push(path);
        }
    }
}

#[test]
fn lines_that_are_no_text_are_scanned_as_well() {
    let mut line = b"\xff\xfe key=".to_vec();
    line.extend(format!("gh{}_{}", "p", word(36, 7)).bytes());
    let hunk = Hunk { old_start: 0, old_lines: 0, new_start: 1, added: vec![line] };
    assert_eq!(scan(&[FileDiff { path: PathBuf::from("bin"), hunks: vec![hunk] }]).len(), 1);
}
