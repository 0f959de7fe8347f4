//! The one thread that writes. What waits is written together and made durable by one commit.

use std::fmt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::{Fault, StoreErrorKind};
use crate::steps::{Step, Steps};
use crate::{StoreError, files};

/// The most writes that wait; whoever has another waits to be let in.
const QUEUE: usize = 256;

/// The most writes of one commit.
const BATCH: usize = 64;

type Write = Box<dyn FnOnce(&Connection) -> Result<(), StoreError> + Send>;
type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

struct Job {
    write: Write,
    done: Done,
    permit: Option<OwnedSemaphorePermit>,
}

/// The way to the thread. Dropping it waits for what was queued and closes the connection.
pub(crate) struct Writer {
    jobs: Option<Sender<Job>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, path: &Path, steps: Steps) -> Self {
        let (jobs, queue) = mpsc::channel();
        let path = path.to_owned();
        let thread = thread::spawn(move || run(&connection, &path, &queue, steps));
        Self { jobs: Some(jobs), room: Arc::new(Semaphore::new(QUEUE)), thread: Some(thread) }
    }

    /// Writes and waits until that is durable; blocks the thread.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(None, write, move |result| {
            let _ = reply.send(result);
        })?;
        answer.recv().unwrap_or_else(|_| Err(closed()))
    }

    /// Writes and waits until that is durable. `applied` is called when it is, even when nobody
    /// waits any more.
    pub(crate) async fn write_and<T: Send + 'static, U: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        applied: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, StoreError> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| closed())?;
        let (reply, answer) = oneshot::channel();
        self.send(Some(permit), write, move |result| {
            let _ = reply.send(result.map(applied));
        })?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    fn send<T: Send + 'static>(
        &self,
        permit: Option<OwnedSemaphorePermit>,
        write: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let written = Arc::new(Mutex::new(None));
        let place = Arc::clone(&written);
        let job = Job {
            write: Box::new(move |connection| {
                let value = write(connection)?;
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            }),
            done: Box::new(move |result| {
                let value = written.lock().unwrap_or_else(PoisonError::into_inner).take();
                done(result.and_then(|()| value.ok_or_else(closed)));
            }),
            permit,
        };
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        jobs.send(job).map_err(|_| closed())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        // The last user may have been a write that nobody waited for any more.
        let others = |thread: &JoinHandle<()>| thread.thread().id() != thread::current().id();
        if let Some(thread) = self.thread.take().filter(others) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

fn closed() -> StoreError {
    StoreError::new(Fault::Closed)
}

fn run(connection: &Connection, path: &Path, queue: &Receiver<Job>, mut steps: Steps) {
    // After an error of the disk it is not known what the disk has.
    let mut broken: Option<StoreError> = None;
    while let Ok(first) = queue.recv() {
        let mut jobs = vec![first];
        jobs.extend(queue.try_iter().take(BATCH - 1));
        let (writes, dones): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|job| (job.write, (job.done, job.permit))).unzip();
        let results = match &broken {
            Some(error) => Err(error.clone()),
            None => commit(connection, writes, &mut steps),
        };
        match results {
            Ok(results) => {
                for ((done, _permit), result) in dones.into_iter().zip(results) {
                    done(result);
                }
                steps.reached(Step::Acknowledged);
            }
            Err(error) => {
                if error.kind() == StoreErrorKind::Damaged {
                    files::suspect(path);
                }
                if matches!(error.kind(), StoreErrorKind::Disk | StoreErrorKind::Damaged) {
                    broken.get_or_insert_with(|| error.clone());
                }
                for (done, _permit) in dones {
                    done(Err(error.clone()));
                }
            }
        }
    }
}

/// Writes all in one transaction. One that is refused leaves the others alone; when the disk fails,
/// all do.
fn commit(
    connection: &Connection,
    writes: Vec<Write>,
    steps: &mut Steps,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let fail = StoreError::sql("write to the session store");
    connection.execute_batch("BEGIN IMMEDIATE").map_err(fail)?;
    steps.reached(Step::Begun);
    let written = write_all(connection, writes).and_then(|results| {
        steps.reached(Step::Written);
        connection.execute_batch("COMMIT").map_err(fail)?;
        Ok(results)
    });
    match &written {
        Ok(_) => steps.reached(Step::Committed),
        // SQLite may have done it by itself.
        Err(_) => drop(connection.execute_batch("ROLLBACK")),
    }
    written
}

fn write_all(
    connection: &Connection,
    writes: Vec<Write>,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let fail = StoreError::sql("write to the session store");
    let mut results = Vec::with_capacity(writes.len());
    for write in writes {
        connection.execute_batch("SAVEPOINT one").map_err(fail)?;
        let result = write(connection);
        match &result {
            Ok(()) => connection.execute_batch("RELEASE one").map_err(fail)?,
            Err(error) if is_of_the_disk(error) => return Err(error.clone()),
            Err(_) => {
                connection.execute_batch("ROLLBACK TO one; RELEASE one").map_err(fail)?;
            }
        }
        results.push(result);
    }
    Ok(results)
}

fn is_of_the_disk(error: &StoreError) -> bool {
    use StoreErrorKind::{Busy, Damaged, Disk, DiskFull};
    matches!(error.kind(), Busy | Damaged | Disk | DiskFull)
}
