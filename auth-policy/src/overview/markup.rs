//! Words on a page. In: text from a policy or a lock. Out: the same as HTML, in which nothing of it
//! is markup.

/// Text between tags and in quoted attributes.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if crate::treacherous::is_treacherous(c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `1 role`, `2 roles`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(
            text("<script a=\"1\" b='2'>&"),
            "&lt;script a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;"
        );
        assert_eq!(text("a\u{202e}b\u{1b}"), "a\u{fffd}b\u{fffd}");
    }
}
