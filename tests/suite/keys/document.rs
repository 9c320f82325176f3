//! M08: what the book tells secret scanners finds keys, and nothing else of their length.

use std::process::{Command, Stdio};

use super::world::World;
use crate::files::between;

const BOOK: &str = include_str!("../../../docs/api-keys.md");

/// Whether `grep -E`, which reads expressions as scanners do, finds all of that text.
fn is_found(expression: &str, text: &str) -> bool {
    use std::io::Write;
    let mut grep = Command::new("grep")
        .args(["-E", "-q", "-x", "-e", expression])
        .stdin(Stdio::piped())
        .spawn()
        .expect("grep is installed");
    let mut input = grep.stdin.take().expect("piped");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    grep.wait().expect("it ends").success()
}

#[tokio::test]
async fn k1_the_expression_in_the_book_finds_keys() {
    let block = between(BOOK, "scanner");
    let line = block.lines().find(|line| line.starts_with("blog_")).expect("an expression");
    let expression = line.replacen("blog", "test", 1);
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    for _ in 0..10 {
        let (key, _) = world.key(&ada, &["read:posts"]).await;
        assert!(is_found(&expression, &key), "{key}");
        for other in
            [key.replace("test_live", "test_prod"), key.replace('_', "-"), format!("{key}x")]
        {
            assert!(!is_found(&expression, &other), "{other}");
        }
    }
    for other in ["test_live_", "test_live_abc_def_ghi", &format!("test_live_{}", "a".repeat(80))] {
        assert!(!is_found(&expression, other), "{other}");
    }
}
