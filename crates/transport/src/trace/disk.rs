//! The thread that writes exchanges into a folder, one file each, and removes old ones.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use openclaw_fs::{create_private_dir, create_private_log};

use super::record::TraceLine;
use super::store::TraceStore;
use super::{TraceEntry, TraceLimits};

/// The most bytes queued for the disk; lines beyond them are dropped.
const MAX_PENDING_BYTES: usize = 32 * 1024 * 1024;

/// The handle of the writer thread.
pub(crate) struct DiskWriterHandle {
    jobs: Mutex<Sender<DiskJob>>,
    pending_bytes: Arc<AtomicUsize>,
    problem: Arc<FirstProblem>,
}

/// The first problem, until it was reported.
#[derive(Default)]
struct FirstProblem {
    text: Mutex<Option<String>>,
    was_reported: AtomicBool,
}

enum DiskJob {
    Write { entry: Arc<TraceEntry>, bytes: Vec<u8>, is_end: bool },
    Flush(Sender<()>),
}

impl DiskWriterHandle {
    pub(crate) fn new(folder: PathBuf, limits: TraceLimits) -> Self {
        let (sender, jobs) = mpsc::channel();
        let pending_bytes = Arc::new(AtomicUsize::new(0));
        let problem = Arc::new(FirstProblem::default());
        let mut writer = DiskWriter {
            store: TraceStore::new(folder),
            limits,
            files: HashMap::new(),
            problem: Arc::clone(&problem),
        };
        let on_its_way = Arc::clone(&pending_bytes);
        let started = thread::Builder::new()
            .name("trace".to_owned())
            .spawn(move || writer.run_jobs(&jobs, &on_its_way));
        if let Err(error) = started {
            problem.report_once(&format!("no trace is written: failed to start a thread: {error}"));
        }
        Self { jobs: Mutex::new(sender), pending_bytes, problem }
    }

    /// Queues a line. Returns false when too many bytes are queued already.
    pub(crate) fn write_line(&self, entry: &Arc<TraceEntry>, line: &TraceLine) -> bool {
        let is_end = matches!(line, TraceLine::End(_));
        let bytes = line.to_bytes();
        if self.pending_bytes.load(Ordering::Relaxed) + bytes.len() > MAX_PENDING_BYTES && !is_end {
            return false;
        }
        self.pending_bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        self.send_job(DiskJob::Write { entry: Arc::clone(entry), bytes, is_end })
    }

    pub(crate) fn flush_within(&self, timeout: Duration) -> bool {
        let (done, wait) = mpsc::channel();
        self.send_job(DiskJob::Flush(done)) && wait.recv_timeout(timeout).is_ok()
    }

    pub(crate) fn take_problem_text(&self) -> Option<String> {
        self.problem.text.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn send_job(&self, job: DiskJob) -> bool {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job).is_ok()
    }
}

impl FirstProblem {
    /// Keeps the text of the first problem.
    fn report_once(&self, text: &str) {
        if !self.was_reported.swap(true, Ordering::Relaxed) {
            let mut problem = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            *problem = Some(text.to_owned());
        }
    }
}

/// The state of the writer thread.
struct DiskWriter {
    store: TraceStore,
    limits: TraceLimits,
    /// The open files, keyed by the address of the exchange, which stays allocated while its file
    /// is open; `None` is a file that cannot be written.
    files: HashMap<usize, (Arc<TraceEntry>, Option<File>)>,
    problem: Arc<FirstProblem>,
}

impl DiskWriter {
    fn run_jobs(&mut self, jobs: &Receiver<DiskJob>, pending_bytes: &AtomicUsize) {
        for job in jobs {
            match job {
                DiskJob::Write { entry, bytes, is_end } => {
                    self.write_bytes(entry, &bytes, is_end);
                    pending_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
                }
                // The caller of the flush may have timed out.
                DiskJob::Flush(done) => drop(done.send(())),
            }
        }
    }

    fn write_bytes(&mut self, entry: Arc<TraceEntry>, bytes: &[u8], is_end: bool) {
        let key = Arc::as_ptr(&entry).addr();
        if !self.files.contains_key(&key) {
            let file = match self.open_next_file(&entry) {
                Ok(file) => Some(file),
                Err(error) => {
                    self.report_error(&error);
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
            self.report_error(&error);
        }
        if is_end {
            self.files.remove(&key);
        }
    }

    /// Opens the next file, after removing the old ones that exceed the limits.
    fn open_next_file(&self, entry: &TraceEntry) -> io::Result<File> {
        let folder = self.store.folder();
        create_private_dir(folder)?;
        let mut number = self.store.list_numbers().last().copied().unwrap_or_default();
        let file = loop {
            number += 1;
            match create_private_log(&self.store.record_path(number)) {
                // Another process took the number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => break opened?,
            }
        };
        entry.number.store(number, Ordering::Release);
        self.remove_old_files(number);
        Ok(file)
    }

    /// Removes the oldest files. One that is gone already, is no exchange or cannot be removed is
    /// ignored.
    fn remove_old_files(&self, newest: u64) {
        let mut files: Vec<(u64, u64)> = self
            .store
            .list_numbers()
            .into_iter()
            .filter_map(|number| {
                Some((number, fs::metadata(self.store.record_path(number)).ok()?.len()))
            })
            .collect();
        let mut bytes: u64 = files.iter().map(|(_, size)| size).sum();
        let mut left = files.len();
        files.retain(|(number, _)| *number != newest);
        for (number, size) in files {
            if left <= self.limits.max_exchanges.max(1) && bytes <= self.limits.max_bytes {
                return;
            }
            let _gone_or_foreign = self.store.remove_record(number);
            left -= 1;
            bytes -= size;
        }
    }

    fn report_error(&self, error: &io::Error) {
        let folder = self.store.folder().display();
        self.problem.report_once(&format!("the trace in {folder} is not complete: {error}"));
    }
}
