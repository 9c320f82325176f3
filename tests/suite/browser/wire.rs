//! Commands to a WebDriver. In: a method, a path and JSON. Out: the `value` of the answer, or what
//! the driver says went wrong (W3C WebDriver, section 6).

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// How long a command may take: a page that loads slowly on a busy machine is no failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends one command. The driver closes the connection after it, so that the answer has an end.
pub(super) fn command(
    port: u16,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(said)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(said)?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).map_err(said)?;
    value(&read(&mut stream)?)
}

/// The body of an answer, whose length its head names.
fn read(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let mut answer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let count = stream.read(&mut chunk).map_err(said)?;
        answer.extend_from_slice(&chunk[..count]);
        if let Some(body) = complete(&answer) {
            return Ok(body.to_vec());
        }
        if count == 0 {
            return Err("the driver hung up".to_owned());
        }
    }
}

fn complete(answer: &[u8]) -> Option<&[u8]> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    answer.get(end + 4..end + 4 + length.trim().parse::<usize>().ok()?)
}

fn value(body: &[u8]) -> Result<Value, String> {
    let answer: Value = serde_json::from_slice(body).map_err(said)?;
    let value = &answer["value"];
    match value["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", value["message"].as_str().unwrap_or_default())),
        None => Ok(value.clone()),
    }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
