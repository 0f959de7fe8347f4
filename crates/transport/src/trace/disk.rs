//! The thread that writes exchanges into a folder, one file each, and takes old ones away.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::record::Line;
use super::store::TraceStore;
use super::{Entry, TraceLimits};

/// The most bytes that wait for the disk; what comes beyond them is left out.
const MOST_WAITING: usize = 32 * 1024 * 1024;

/// The way to the thread.
pub(crate) struct Disk {
    jobs: Mutex<Sender<Job>>,
    waiting: Arc<AtomicUsize>,
    problem: Arc<Problem>,
}

/// What went wrong first, until it was told.
#[derive(Default)]
struct Problem {
    text: Mutex<Option<String>>,
    was_set: AtomicBool,
}

enum Job {
    Write { entry: Arc<Entry>, bytes: Vec<u8>, is_end: bool },
    Flush(Sender<()>),
}

impl Disk {
    pub(crate) fn new(folder: PathBuf, limits: TraceLimits) -> Self {
        let (sender, jobs) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let problem = Arc::new(Problem::default());
        let mut writer = Writer {
            store: TraceStore::new(folder),
            limits,
            files: HashMap::new(),
            problem: Arc::clone(&problem),
        };
        let on_its_way = Arc::clone(&waiting);
        let started = thread::Builder::new()
            .name("trace".to_owned())
            .spawn(move || writer.run(&jobs, &on_its_way));
        if let Err(error) = started {
            problem.set(&format!("no trace is written: failed to start a thread: {error}"));
        }
        Self { jobs: Mutex::new(sender), waiting, problem }
    }

    /// Hands a line over; false when too much waits already.
    pub(crate) fn write(&self, entry: &Arc<Entry>, line: &Line) -> bool {
        let is_end = matches!(line, Line::End(_));
        let bytes = line.to_bytes();
        if self.waiting.load(Ordering::Relaxed) + bytes.len() > MOST_WAITING && !is_end {
            return false;
        }
        self.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
        self.send(Job::Write { entry: Arc::clone(entry), bytes, is_end })
    }

    pub(crate) fn flush(&self, longest: Duration) -> bool {
        let (done, wait) = mpsc::channel();
        self.send(Job::Flush(done)) && wait.recv_timeout(longest).is_ok()
    }

    pub(crate) fn take_problem(&self) -> Option<String> {
        self.problem.text.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn send(&self, job: Job) -> bool {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job).is_ok()
    }
}

impl Problem {
    /// Remembers the first one.
    fn set(&self, text: &str) {
        if !self.was_set.swap(true, Ordering::Relaxed) {
            let mut problem = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            *problem = Some(text.to_owned());
        }
    }
}

/// What the thread has at hand.
struct Writer {
    store: TraceStore,
    limits: TraceLimits,
    /// The open files, by the address of the exchange, which lasts as long as its file is open;
    /// `None` is one that cannot be written.
    files: HashMap<usize, (Arc<Entry>, Option<File>)>,
    problem: Arc<Problem>,
}

impl Writer {
    fn run(&mut self, jobs: &Receiver<Job>, waiting: &AtomicUsize) {
        for job in jobs {
            match job {
                Job::Write { entry, bytes, is_end } => {
                    self.write(entry, &bytes, is_end);
                    waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
                }
                // Who waited may have gone.
                Job::Flush(done) => drop(done.send(())),
            }
        }
    }

    fn write(&mut self, entry: Arc<Entry>, bytes: &[u8], is_end: bool) {
        let key = Arc::as_ptr(&entry).addr();
        if !self.files.contains_key(&key) {
            let file = match self.open(&entry) {
                Ok(file) => Some(file),
                Err(error) => {
                    self.report(&error);
                    None
                }
            };
            self.files.insert(key, (entry, file));
        }
        if let Some((_, place)) = self.files.get_mut(&key)
            && let Some(file) = place
            && let Err(error) = file.write_all(bytes)
        {
            *place = None;
            self.report(&error);
        }
        if is_end {
            self.files.remove(&key);
        }
    }

    /// Opens the next file, and takes away what is too much with it.
    fn open(&self, entry: &Entry) -> io::Result<File> {
        let folder = self.store.folder();
        if !folder.is_dir() {
            private_folder().create(folder)?;
        }
        let mut number = self.store.numbers().last().copied().unwrap_or_default();
        let file = loop {
            number += 1;
            match private_file().open(self.store.path(number)) {
                // Another process took the number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => break opened?,
            }
        };
        entry.number.store(number, Ordering::Release);
        self.rotate(number);
        Ok(file)
    }

    /// Removes the oldest files; one that is gone already or cannot be removed is no trouble here.
    fn rotate(&self, newest: u64) {
        let mut files: Vec<(u64, u64)> = self
            .store
            .numbers()
            .into_iter()
            .filter_map(|number| Some((number, fs::metadata(self.store.path(number)).ok()?.len())))
            .collect();
        let mut bytes: u64 = files.iter().map(|(_, size)| size).sum();
        let mut left = files.len();
        files.retain(|(number, _)| *number != newest);
        for (number, size) in files {
            if left <= self.limits.keep.max(1) && bytes <= self.limits.bytes {
                return;
            }
            let _gone_already = fs::remove_file(self.store.path(number));
            left -= 1;
            bytes -= size;
        }
    }

    fn report(&self, error: &io::Error) {
        let folder = self.store.folder().display();
        self.problem.set(&format!("the trace in {folder} is not complete: {error}"));
    }
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Each line is written at once and at the end, and no link is followed.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
