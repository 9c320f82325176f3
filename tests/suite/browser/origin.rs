//! Somebody else's web site. In: pages by path. Out: a server on a port of its own, which hands
//! them to any browser that asks.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
};

pub(super) struct Origin {
    port: u16,
}

impl Origin {
    /// Serves these pages until the test binary ends.
    pub(super) fn serving(pages: HashMap<String, String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let pages = Arc::new(pages);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let pages = Arc::clone(&pages);
                // A browser holds connections open that it has not used yet.
                std::thread::spawn(move || answer(&stream, &pages));
            }
        });
        Self { port }
    }

    /// An address of this server under that name of the loopback interface.
    pub(super) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }
}

fn answer(mut stream: &TcpStream, pages: &HashMap<String, String>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next()?.ok()?;
    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
    let path = request.split(' ').nth(1)?.split('?').next()?;
    let (status, body) = pages.get(path).map_or(("404 Not Found", ""), |page| ("200 OK", page));
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
}
