//! Classifies failures of the HTTP library and shows their innermost cause.

use std::error::Error;
use std::{fmt, io};

/// A failure of the HTTP library, shown as its innermost cause.
///
/// The layers above it only repeat what the [`TransportError`](crate::TransportError) says better,
/// the URL among it.
pub(crate) struct HttpCause(reqwest::Error);

impl HttpCause {
    pub(crate) fn new(error: reqwest::Error) -> Self {
        Self(error.without_url())
    }

    /// Returns whether no connection could be opened.
    pub(crate) fn is_connect(&self) -> bool {
        self.0.is_connect()
    }

    pub(crate) fn is_timeout(&self) -> bool {
        self.0.is_timeout()
    }

    /// Returns whether the bytes received are not HTTP.
    pub(crate) fn is_not_http(&self) -> bool {
        self.source_chain()
            .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
            .any(hyper::Error::is_parse)
    }

    /// Returns whether the connection was closed, as opposed to a protocol error.
    pub(crate) fn is_connection_closed(&self) -> bool {
        self.source_chain().any(|cause| {
            if let Some(error) = cause.downcast_ref::<hyper::Error>() {
                error.is_incomplete_message() || error.is_closed() || error.is_canceled()
            } else if let Some(error) = cause.downcast_ref::<io::Error>() {
                matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::BrokenPipe
                        | io::ErrorKind::UnexpectedEof
                )
            } else {
                false
            }
        })
    }

    fn source_chain(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let outermost: &(dyn Error + 'static) = &self.0;
        std::iter::successors(Some(outermost), |&error| error.source())
    }
}

impl fmt::Display for HttpCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source_chain().last() {
            Some(root) => fmt::Display::fmt(root, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for HttpCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for HttpCause {}
