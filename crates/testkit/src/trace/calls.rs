//! Which system calls change something, and what.

use std::fs::{File, read, read_link};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::unistd::Pid;

use super::Call;

/// The registers of a process.
pub type Registers = libc::user_regs_struct;

/// How a call says what it changes; the numbers are those of its arguments, from 0.
#[derive(Clone, Copy)]
enum Shape {
    /// By a path.
    Path(usize),
    /// By a path from an open folder.
    At(usize, usize),
    /// By a path from an open folder, if the flags that follow say that something is made or cut.
    OpenAt(usize, usize),
    /// By a path, if the flags that follow say so.
    Open(usize),
    /// By an open file.
    File(usize),
}

const CALLS: &[(libc::c_long, &str, Shape)] = &[
    (libc::SYS_copy_file_range, "copy_file_range", Shape::File(2)),
    (libc::SYS_fallocate, "fallocate", Shape::File(0)),
    (libc::SYS_fchmod, "fchmod", Shape::File(0)),
    (libc::SYS_fchmodat, "fchmodat", Shape::At(0, 1)),
    (libc::SYS_ftruncate, "ftruncate", Shape::File(0)),
    (libc::SYS_linkat, "linkat", Shape::At(2, 3)),
    (libc::SYS_mkdirat, "mkdirat", Shape::At(0, 1)),
    (libc::SYS_openat, "openat", Shape::OpenAt(0, 1)),
    (libc::SYS_pwrite64, "pwrite64", Shape::File(0)),
    (libc::SYS_pwritev, "pwritev", Shape::File(0)),
    (libc::SYS_renameat, "renameat", Shape::At(2, 3)),
    (libc::SYS_renameat2, "renameat2", Shape::At(2, 3)),
    (libc::SYS_sendfile, "sendfile", Shape::File(0)),
    (libc::SYS_symlinkat, "symlinkat", Shape::At(1, 2)),
    (libc::SYS_truncate, "truncate", Shape::Path(0)),
    (libc::SYS_unlinkat, "unlinkat", Shape::At(0, 1)),
    (libc::SYS_write, "write", Shape::File(0)),
    (libc::SYS_writev, "writev", Shape::File(0)),
];

/// Those that newer systems do without.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: &[(libc::c_long, &str, Shape)] = &[
    (libc::SYS_chmod, "chmod", Shape::Path(0)),
    (libc::SYS_creat, "creat", Shape::Path(0)),
    (libc::SYS_link, "link", Shape::Path(1)),
    (libc::SYS_mkdir, "mkdir", Shape::Path(0)),
    (libc::SYS_open, "open", Shape::Open(0)),
    (libc::SYS_rename, "rename", Shape::Path(1)),
    (libc::SYS_rmdir, "rmdir", Shape::Path(0)),
    (libc::SYS_symlink, "symlink", Shape::Path(1)),
    (libc::SYS_unlink, "unlink", Shape::Path(0)),
];

#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: &[(libc::c_long, &str, Shape)] = &[];

/// The number of a call and its arguments.
#[cfg(target_arch = "x86_64")]
fn decode(registers: &Registers) -> (u64, [u64; 6]) {
    let Registers { orig_rax, rdi, rsi, rdx, r10, r8, r9, .. } = *registers;
    (orig_rax, [rdi, rsi, rdx, r10, r8, r9])
}

/// The registers with arguments that no call can do anything with.
#[cfg(target_arch = "x86_64")]
pub fn spoiled(registers: &Registers) -> Registers {
    let bad = u64::MAX;
    Registers { rdi: bad, rsi: bad, rdx: bad, r10: bad, r8: bad, r9: bad, ..*registers }
}

/// The registers after a call that gave this.
#[cfg(target_arch = "x86_64")]
pub fn returned(registers: &Registers, value: i64) -> Registers {
    Registers { rax: value.cast_unsigned(), ..*registers }
}

#[cfg(target_arch = "aarch64")]
fn decode(registers: &Registers) -> (u64, [u64; 6]) {
    let mut arguments = [0; 6];
    arguments.copy_from_slice(&registers.regs[..6]);
    (registers.regs[8], arguments)
}

/// The registers with arguments that no call can do anything with.
#[cfg(target_arch = "aarch64")]
pub fn spoiled(registers: &Registers) -> Registers {
    let mut spoiled = *registers;
    spoiled.regs[..6].fill(u64::MAX);
    spoiled
}

/// The registers after a call that gave this.
#[cfg(target_arch = "aarch64")]
pub fn returned(registers: &Registers, value: i64) -> Registers {
    let mut returned = *registers;
    returned.regs[0] = value.cast_unsigned();
    returned
}

/// The call that a process is about to make, if it changes something below a folder.
pub fn changing(process: Pid, registers: &Registers, below: &Path) -> Option<Call> {
    let (number, arguments) = decode(registers);
    let all = CALLS.iter().chain(OLD_CALLS);
    let (_, name, shape) = all.copied().find(|(known, ..)| known.cast_unsigned() == number)?;
    let path = match shape {
        Shape::OpenAt(_, path) | Shape::Open(path) if !changes(arguments[path + 1]) => return None,
        Shape::File(file) => open_file(process, arguments[file])?,
        Shape::Path(path) | Shape::Open(path) => {
            working_folder(process)?.join(text(process, arguments[path])?)
        }
        Shape::At(folder, path) | Shape::OpenAt(folder, path) => {
            at(process, arguments[folder])?.join(text(process, arguments[path])?)
        }
    };
    path.starts_with(below).then(|| Call { name, path, process: command_line(process) })
}

/// Whether flags of `open` say that a file is made or cut.
fn changes(flags: u64) -> bool {
    let changing = (libc::O_CREAT | libc::O_TRUNC | libc::O_TMPFILE) & !libc::O_DIRECTORY;
    flags & u64::from(changing.cast_unsigned()) != 0
}

fn at(process: Pid, folder: u64) -> Option<PathBuf> {
    // Only the lower half of the register counts.
    let current = libc::AT_FDCWD.cast_unsigned();
    if folder & 0xffff_ffff == u64::from(current) {
        working_folder(process)
    } else {
        open_file(process, folder)
    }
}

fn working_folder(process: Pid) -> Option<PathBuf> {
    read_link(format!("/proc/{process}/cwd")).ok()
}

fn open_file(process: Pid, number: u64) -> Option<PathBuf> {
    read_link(format!("/proc/{process}/fd/{}", number & 0xffff_ffff)).ok()
}

/// The text at an address, up to the byte zero.
fn text(process: Pid, address: u64) -> Option<PathBuf> {
    let memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 256];
        // Not across the end of a page: the next one may not be there.
        let from = address + bytes.len() as u64;
        let most = usize::try_from(256 - from % 256).ok()?;
        let count = memory.read_at(&mut piece[..most], from).ok().filter(|count| *count > 0)?;
        let end = piece[..count].iter().position(|byte| *byte == 0);
        bytes.extend(&piece[..end.unwrap_or(count)]);
        if end.is_some() {
            return Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)));
        }
    }
}

/// What a process was started with, without the folder of the program and without `-c key=value`.
fn command_line(process: Pid) -> String {
    let bytes = read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut all = text.split('\0').filter(|word| !word.is_empty());
    let program = all.next().unwrap_or_default();
    let mut line = program.rsplit('/').next().unwrap_or(program).to_owned();
    while let Some(word) = all.next() {
        if word == "-c" {
            all.next();
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    line
}
