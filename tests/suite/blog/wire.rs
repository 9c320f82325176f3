//! One connection to a blog, kept open: for tests that ask more often than curl can be started. In:
//! requests. Out: statuses, and bodies with a length.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// An answer, as far as these tests look at it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) body: String,
}

pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(super) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream.set_nodelay(true).expect("an option of the socket");
        Self(BufReader::new(stream))
    }

    pub(super) fn get(&mut self, path: &str, headers: &[String]) -> Told {
        self.ask("GET", path, headers, "")
    }

    /// Posts JSON.
    pub(super) fn post(&mut self, path: &str, headers: &[String], body: &str) -> Told {
        self.ask("POST", path, headers, body)
    }

    fn ask(&mut self, method: &str, path: &str, headers: &[String], body: &str) -> Told {
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nHost: blog\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n",
            body.len()
        );
        headers.iter().for_each(|header| text.extend([header, "\r\n"]));
        text.extend(["\r\n", body]);
        self.0.get_mut().write_all(text.as_bytes()).expect("it reads");
        self.answer()
    }

    fn answer(&mut self) -> Told {
        let status = self.line().split(' ').nth(1).and_then(|word| word.parse().ok());
        let mut length = 0;
        loop {
            let line = self.line().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        let body = String::from_utf8(body).expect("UTF-8");
        Told { status: status.expect("a status"), body }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer in time");
        line.trim_end().to_owned()
    }
}
