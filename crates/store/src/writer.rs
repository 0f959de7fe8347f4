//! The writer thread. Queued writes share one transaction and become durable by one commit.

use std::fmt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::{StoreErrorKind, StoreFault};
use crate::failpoints::{FailPointHook, WriteStage};
use crate::{StoreError, files};

/// The most queued writes; further callers wait for a slot.
const MAX_QUEUED_WRITES: usize = 256;

/// The most writes of one commit.
const MAX_BATCH_WRITES: usize = 64;

type WriteFn = Box<dyn FnOnce(&Connection) -> Result<(), StoreError> + Send>;
type CompletionFn = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

struct WriteJob {
    write: WriteFn,
    on_done: CompletionFn,
    permit: Option<OwnedSemaphorePermit>,
}

/// A handle of the writer thread. Dropping it waits for queued writes and closes the connection.
pub(crate) struct StoreWriter {
    jobs: Option<Sender<WriteJob>>,
    queue_slots: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl StoreWriter {
    pub(crate) fn spawn(connection: Connection, path: &Path, failpoints: FailPointHook) -> Self {
        let (jobs, queue) = mpsc::channel();
        let path = path.to_owned();
        let thread = thread::spawn(move || run(&connection, &path, &queue, failpoints));
        Self {
            jobs: Some(jobs),
            queue_slots: Arc::new(Semaphore::new(MAX_QUEUED_WRITES)),
            thread: Some(thread),
        }
    }

    /// Writes and blocks the thread until the write is durable.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(None, write, move |result| {
            let _ = reply.send(result);
        })?;
        answer.recv().unwrap_or_else(|_| Err(closed_error()))
    }

    /// Writes and waits until the write is durable. `apply` is then called, even if the caller was
    /// cancelled.
    pub(crate) async fn write_and_apply<T: Send + 'static, U: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        apply: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, StoreError> {
        let permit =
            Arc::clone(&self.queue_slots).acquire_owned().await.map_err(|_| closed_error())?;
        let (reply, answer) = oneshot::channel();
        self.send(Some(permit), write, move |result| {
            let _ = reply.send(result.map(apply));
        })?;
        answer.await.unwrap_or_else(|_| Err(closed_error()))
    }

    fn send<T: Send + 'static>(
        &self,
        permit: Option<OwnedSemaphorePermit>,
        write: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        on_done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let written = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&written);
        let job = WriteJob {
            write: Box::new(move |connection| {
                let value = write(connection)?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            }),
            on_done: Box::new(move |result| {
                let value = written.lock().unwrap_or_else(PoisonError::into_inner).take();
                on_done(result.and_then(|()| value.ok_or_else(closed_error)));
            }),
            permit,
        };
        let jobs = self.jobs.as_ref().ok_or_else(closed_error)?;
        jobs.send(job).map_err(|_| closed_error())
    }
}

impl Drop for StoreWriter {
    fn drop(&mut self) {
        self.jobs = None;
        // The handle may be dropped on the writer thread itself, by a write whose caller was
        // cancelled.
        let is_other_thread =
            |thread: &JoinHandle<()>| thread.thread().id() != thread::current().id();
        if let Some(thread) = self.thread.take().filter(is_other_thread) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for StoreWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreWriter").finish_non_exhaustive()
    }
}

fn closed_error() -> StoreError {
    StoreError::new(StoreFault::Closed)
}

fn run(
    connection: &Connection,
    path: &Path,
    queue: &Receiver<WriteJob>,
    mut failpoints: FailPointHook,
) {
    // After a disk error the state of the disk is unknown, so later writes fail too.
    let mut fatal_error: Option<StoreError> = None;
    while let Ok(first) = queue.recv() {
        let mut jobs = vec![first];
        jobs.extend(queue.try_iter().take(MAX_BATCH_WRITES - 1));
        let (writes, completions): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|job| (job.write, (job.on_done, job.permit))).unzip();
        let results = match &fatal_error {
            Some(error) => Err(error.clone()),
            None => commit_writes(connection, writes, &mut failpoints),
        };
        match results {
            Ok(results) => {
                for ((on_done, _permit), result) in completions.into_iter().zip(results) {
                    on_done(result);
                }
                failpoints.notify_reached(WriteStage::Acknowledged);
            }
            Err(error) => {
                if error.kind() == StoreErrorKind::Damaged {
                    files::mark_suspect(path);
                }
                if matches!(error.kind(), StoreErrorKind::Disk | StoreErrorKind::Damaged) {
                    fatal_error.get_or_insert_with(|| error.clone());
                }
                for (on_done, _permit) in completions {
                    on_done(Err(error.clone()));
                }
            }
        }
    }
}

/// Runs all writes in one transaction. A refused write does not affect the others; an error of the
/// disk fails all.
fn commit_writes(
    connection: &Connection,
    writes: Vec<WriteFn>,
    failpoints: &mut FailPointHook,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let fail = StoreError::from_sql_error("write to the session store");
    connection.execute_batch("BEGIN IMMEDIATE").map_err(fail)?;
    failpoints.notify_reached(WriteStage::Begun);
    let written = write_all(connection, writes).and_then(|results| {
        failpoints.notify_reached(WriteStage::Written);
        connection.execute_batch("COMMIT").map_err(fail)?;
        Ok(results)
    });
    match &written {
        Ok(_) => failpoints.notify_reached(WriteStage::Committed),
        // SQLite may have rolled back already.
        Err(_) => drop(connection.execute_batch("ROLLBACK")),
    }
    written
}

fn write_all(
    connection: &Connection,
    writes: Vec<WriteFn>,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let fail = StoreError::from_sql_error("write to the session store");
    let mut results = Vec::with_capacity(writes.len());
    for write in writes {
        connection.execute_batch("SAVEPOINT one").map_err(fail)?;
        let result = write(connection);
        match &result {
            Ok(()) => connection.execute_batch("RELEASE one").map_err(fail)?,
            Err(error) if is_disk_error(error) => return Err(error.clone()),
            Err(_) => {
                connection.execute_batch("ROLLBACK TO one; RELEASE one").map_err(fail)?;
            }
        }
        results.push(result);
    }
    Ok(results)
}

fn is_disk_error(error: &StoreError) -> bool {
    use StoreErrorKind::{Busy, Damaged, Disk, DiskFull};
    matches!(error.kind(), Busy | Damaged | Disk | DiskFull)
}
