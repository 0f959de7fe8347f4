//! Examines mock servers with each kind of fault.

#[cfg(test)]
mod examination;
#[cfg(test)]
mod lab;
