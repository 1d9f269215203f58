//! The streams of a child, served by the thread that waits for it: starting threads for the many short calls of Git
//! would cost more than some of the calls.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ChildStdin};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::capture::Kept;

/// How much is read at once: as much as a pipe holds.
const BUFFER: usize = 64 << 10;

/// What is read from and written to a child.
#[derive(Debug, Default)]
pub struct Streams {
    readers: Vec<Reader>,
    input: Option<Input>,
    buffer: Vec<u8>,
}

/// What a wait for the streams ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The child is gone.
    Exited,
    /// Something was read or written, or a stream was closed.
    Moved,
    /// Nothing came in time.
    Nothing,
}

#[derive(Debug)]
struct Reader {
    stream: File,
    kept: Kept,
    open: bool,
}

#[derive(Debug)]
struct Input {
    stream: ChildStdin,
    bytes: Vec<u8>,
    written: usize,
}

impl Streams {
    /// Keeps what comes out of a stream.
    pub fn read(&mut self, stream: impl Into<OwnedFd>, kept: Kept) {
        self.readers.push(Reader { stream: File::from(stream.into()), kept, open: true });
    }

    /// Gives bytes to a child. A child may close its input early; its exit code tells whether that was right.
    pub fn write(&mut self, child: &mut Child, bytes: Option<Vec<u8>>) {
        let (Some(stream), Some(bytes)) = (child.stdin.take(), bytes) else {
            return;
        };
        let fits = rustix::fs::fcntl_setfl(&stream, rustix::fs::OFlags::NONBLOCK).is_ok();
        let mut input = Input { stream, bytes, written: 0 };
        self.input = (fits && input.goes_on()).then_some(input);
    }

    /// Whether nothing more can come.
    pub fn are_closed(&self) -> bool {
        self.readers.iter().all(|reader| !reader.open)
    }

    /// The number of bytes seen up to now.
    pub fn seen(&self) -> u64 {
        self.readers.iter().map(|reader| reader.kept.seen()).sum()
    }

    /// Waits for something to read or write, or for `exit` to tell that the child is gone, and deals with it.
    pub fn serve(&mut self, exit: Option<&OwnedFd>, at_most: Duration) -> Served {
        let Some(ready) = self.wait(exit, at_most) else {
            return Served::Nothing;
        };
        if ready.input && !self.input.as_mut().is_some_and(Input::goes_on) {
            self.input = None;
        }
        for (reader, _) in self.readers.iter_mut().zip(ready.readers).filter(|(_, ready)| *ready) {
            self.buffer.resize(BUFFER, 0);
            reader.open = reader.take(&mut self.buffer);
        }
        if ready.exit { Served::Exited } else { Served::Moved }
    }

    /// What was kept of each stream, in the order in which they were given, and how many bytes came.
    pub fn finish(self) -> Vec<(Vec<u8>, u64)> {
        self.readers.into_iter().map(|reader| reader.kept.finish()).collect()
    }

    /// `None` if nothing is ready in time.
    fn wait(&self, exit: Option<&OwnedFd>, at_most: Duration) -> Option<Ready> {
        let open = self.readers.iter().filter(|reader| reader.open);
        let of_input = self.input.as_ref().map(|input| (input.stream.as_fd(), PollFlags::OUT));
        let of_readers = open.map(|reader| (reader.stream.as_fd(), PollFlags::IN));
        let of_exit = exit.map(|exit| (exit.as_fd(), PollFlags::IN));
        let wanted = of_input.into_iter().chain(of_readers).chain(of_exit);
        let mut fds: Vec<PollFd<'_>> = wanted.map(poll_fd).collect();
        // Stopped by a signal, it has no news, but did not wait long enough to say that there is nothing.
        let count = poll(&mut fds, Timespec::try_from(at_most).ok().as_ref());
        if count == Ok(0) {
            return None;
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut next = |is_waited_for: bool| is_waited_for && ready.next().unwrap_or(false);
        let input = next(self.input.is_some());
        let readers = self.readers.iter().map(|reader| next(reader.open)).collect();
        Some(Ready { input, readers, exit: next(exit.is_some()) })
    }
}

/// What can be dealt with now.
struct Ready {
    input: bool,
    readers: Vec<bool>,
    exit: bool,
}

fn poll_fd((fd, flags): (BorrowedFd<'_>, PollFlags)) -> PollFd<'_> {
    PollFd::from_borrowed_fd(fd, flags)
}

impl Reader {
    /// Reads once, which does not wait when something is there. False at the end.
    fn take(&mut self, buffer: &mut [u8]) -> bool {
        match self.stream.read(buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.kept.take(buffer.get(..count).unwrap_or_default());
                true
            }
            Err(error) => error.kind() == ErrorKind::Interrupted,
        }
    }
}

impl Input {
    /// Writes as much as the pipe takes. False once there is nothing left to do, and the pipe can be closed.
    fn goes_on(&mut self) -> bool {
        let left = self.bytes.get(self.written..).unwrap_or_default();
        match self.stream.write(left) {
            Ok(count) => self.written += count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => return false,
        }
        self.written < self.bytes.len()
    }
}
