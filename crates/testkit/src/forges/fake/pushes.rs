//! Git over HTTP: fetches and pushes go to the bare repository; what a GitLab would say after a push is put into the
//! answer, where its hook's words would stand.

use super::Kind;
use super::http::{Answer, Request};
use super::push_options;
use super::world::World;

/// The service that a request asks for: `git-receive-pack`.
pub fn service(request: &Request) -> Option<&'static str> {
    let named = |name: &'static str| {
        let asked = request.path.ends_with("/info/refs") && request.asked("service") == Some(name);
        (asked || request.path.ends_with(&format!("/{name}"))).then_some(name)
    };
    named("git-receive-pack").or_else(|| named("git-upload-pack"))
}

/// Answers a request of Git's.
pub fn answer(world: &mut World, kind: Kind, service: &str, request: &Request) -> Answer {
    let command = service.trim_start_matches("git-");
    let protocol = request.header("git-protocol");
    let answer = |what: &str, body: Vec<u8>| {
        let content = format!("application/x-{service}-{what}");
        let headers =
            vec![("content-type".to_owned(), content), ("cache-control".to_owned(), "no-cache".to_owned())];
        Answer { status: 200, headers, body }
    };
    let bare = world.bare.clone();
    if request.path.ends_with("/info/refs") {
        let mut body = packet(format!("# service={service}\n").as_bytes());
        body.extend(b"0000");
        body.extend(bare.serve(&[command, "--stateless-rpc", "--http-backend-info-refs"], protocol, b""));
        return answer("advertisement", body);
    }
    let printed = bare.serve(&[command, "--stateless-rpc"], protocol, &request.body);
    if command == "upload-pack" {
        return answer("result", printed);
    }
    answer("result", after_push(world, kind, &request.body, &printed))
}

/// What the client is told about its push, and what the forge adds.
fn after_push(world: &mut World, kind: Kind, asked: &[u8], printed: &[u8]) -> Vec<u8> {
    let (commands, options) = commands(asked);
    let taken = taken(printed);
    let commands: Vec<_> = commands.into_iter().filter(|command| taken.contains(&command.1)).collect();
    for (new, name) in &commands {
        let commit = (!new.bytes().all(|byte| byte == b'0')).then_some(new.as_str());
        world.pushed(name, commit);
    }
    let branch = |(new, name): &(String, String)| {
        let there = !new.bytes().all(|byte| byte == b'0');
        name.strip_prefix("refs/heads/").filter(|_| there).map(str::to_owned)
    };
    let branches: Vec<String> = commands.iter().filter_map(branch).collect();
    let said = match kind {
        Kind::GitLab => push_options::act(world, &options, &branches),
        Kind::GitHub => invitation(world, &branches),
    };
    with_words(printed, &said)
}

/// What GitHub says after a push of a new branch.
fn invitation(world: &World, branches: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    for branch in branches.iter().filter(|branch| world.open_of(branch).is_none()) {
        lines.push(String::new());
        lines.push(format!("Create a pull request for '{branch}' on GitHub by visiting:"));
        lines.push(format!("     {}/{}/pull/new/{branch}", world.url, world.path));
        lines.push(String::new());
    }
    lines
}

/// New commit and ref of every command of a push, and its options.
fn commands(body: &[u8]) -> (Vec<(String, String)>, Vec<String>) {
    let mut packets = Packets(body);
    let mut commands = Vec::new();
    let mut capabilities = String::new();
    while let Some(Some(packet)) = packets.next() {
        let text = String::from_utf8_lossy(packet);
        let (command, offered) = text.split_once('\0').unwrap_or((&text, ""));
        capabilities.push_str(offered);
        let mut words = command.trim_end().splitn(3, ' ');
        if let (Some(_), Some(new), Some(name)) = (words.next(), words.next(), words.next()) {
            commands.push((new.to_owned(), name.to_owned()));
        }
    }
    let mut options = Vec::new();
    if capabilities.split(' ').any(|word| word.trim_end() == "push-options") {
        while let Some(Some(packet)) = packets.next() {
            options.push(String::from_utf8_lossy(packet).trim_end_matches('\n').to_owned());
        }
    }
    (commands, options)
}

/// The refs that were taken, from the report on the first band.
fn taken(printed: &[u8]) -> Vec<String> {
    let mut report = Vec::new();
    for packet in Packets(printed).flatten() {
        if let Some((1, data)) = packet.split_first().map(|(band, data)| (*band, data)) {
            report.extend(data);
        }
    }
    let mut lines = Packets(&report);
    let mut taken = Vec::new();
    while let Some(Some(line)) = lines.next() {
        let line = String::from_utf8_lossy(line);
        taken.extend(line.strip_prefix("ok ").map(|name| name.trim_end().to_owned()));
    }
    taken
}

/// The same answer with these lines on the second band, before its end.
fn with_words(printed: &[u8], lines: &[String]) -> Vec<u8> {
    let end = printed.len().saturating_sub(4);
    let (before, flush) = printed.split_at(end);
    if flush != b"0000" || lines.is_empty() {
        return printed.to_vec();
    }
    let mut all = before.to_vec();
    for line in lines {
        all.extend(packet(format!("\u{2}{line}\n").as_bytes()));
    }
    all.extend(flush);
    all
}

fn packet(bytes: &[u8]) -> Vec<u8> {
    let mut packet = format!("{:04x}", bytes.len() + 4).into_bytes();
    packet.extend(bytes);
    packet
}

/// The packets of a stream; an inner `None` is a flush.
struct Packets<'a>(&'a [u8]);

impl<'a> Iterator for Packets<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let digits = std::str::from_utf8(self.0.get(..4)?).ok()?;
        let size = usize::from_str_radix(digits, 16).ok()?;
        let whole = size.max(4);
        let packet = self.0.get(4..whole)?;
        self.0 = self.0.get(whole..)?;
        Some((size >= 4).then_some(packet))
    }
}
