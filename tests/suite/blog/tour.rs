//! The README's tour, done as printed: each command is run, and each answer shown is looked for.

use std::process::Command;

use super::process::Blog;
use crate::files::{between, workspace};

/// A fenced block of the README.
struct Block {
    language: String,
    text: String,
}

fn tour() -> Vec<Block> {
    let readme = std::fs::read_to_string(workspace().join("README.md")).expect("a README");
    let fenced = between(&readme, "tour").split("```").skip(1).step_by(2);
    let block = fenced.map(|block| block.split_once('\n').expect("a language"));
    block.map(|(language, text)| Block { language: language.into(), text: text.into() }).collect()
}

#[test]
fn the_readme_tour_works_as_printed() {
    let blog = Blog::seeded();
    std::fs::write(blog.folder.0.join("blog.log"), &blog.printed).expect("a log");
    let mut blocks = tour().into_iter().peekable();
    let start = blocks.next().expect("how to start");
    assert_eq!(start.text.trim(), "BLOG_SEED=1 cargo run -p blog | tee blog.log");
    let setup = blocks.next().expect("how to sign in").text;
    let setup = setup.replace("127.0.0.1:3000", &blog.address.to_string());

    let mut asked = 0;
    while let Some(command) = blocks.next() {
        assert_eq!(command.language, "sh", "an answer without a command");
        let printed = run(&blog, &format!("set -eu\n{setup}\n{}", command.text));
        if let Some(answer) = blocks.next_if(|block| block.language == "text") {
            let mut lines = printed.lines();
            for wanted in answer.text.lines() {
                let found = lines.any(|line| is(line, wanted));
                assert!(found, "{}\nlacks the line {wanted:?}:\n{printed}", command.text);
            }
            asked += 1;
        }
    }
    assert!(asked >= 7, "the tour shows {asked} answers");
}

/// Whether a line is the one shown, in which `..` stands for what is another each time.
fn is(line: &str, shown: &str) -> bool {
    match shown.split_once("..") {
        Some((begin, end)) => line.starts_with(begin) && line.ends_with(end),
        None => line == shown,
    }
}

fn run(blog: &Blog, script: &str) -> String {
    let shell = Command::new("bash").arg("-c").arg(script).current_dir(&blog.folder.0).output();
    let output = shell.expect("bash is installed");
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").replace('\r', "")
}
