//! A minimal HTTP client that checks the health of a local server.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Returns the status of `GET path` from the server on a local port.
pub(crate) fn get_status(port: u16, path: &str) -> io::Result<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer"))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use super::get_status;

    fn status_of(answer: &'static [u8]) -> Option<u16> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            assert_eq!(lines.next().unwrap().unwrap(), "GET /health HTTP/1.1");
            while !lines.next().unwrap().unwrap().is_empty() {}
            stream.write_all(answer).unwrap();
        });
        let status = get_status(port, "/health").ok();
        server.join().unwrap();
        status
    }

    #[test]
    fn the_status_is_read_and_nonsense_is_an_error() {
        assert_eq!(status_of(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), Some(200));
        assert_eq!(status_of(b"HTTP/1.1 503 Busy\r\n\r\n"), Some(503));
        assert_eq!(status_of(b"nonsense\r\n"), None);
        assert_eq!(status_of(b""), None);
    }
}
