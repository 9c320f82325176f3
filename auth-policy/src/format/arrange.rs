//! The canonical order. In: the groups of a text. Out: the same, with the keys of the language in
//! the order of its table. Names that the author chose, and lists, stay in the author's order.

use super::tree::{Group, Item, Line, Written};
use crate::language::{self, Form, Map};

/// Puts the keys of a whole file in order.
pub(super) fn arrange(root: &mut Group) {
    detach_head(root);
    let first = root.items.first().map(|item| item.key.clone());
    if let Some(map) = language::map("") {
        map_of(root, map);
    }
    let moved = root.items.first().map(|item| item.key.clone()) != first;
    if moved {
        let apart = root.items.iter().any(|item| item.above.contains(&Line::Blank));
        let first = root.items.iter_mut().find(|item| Some(&item.key) == first.as_ref());
        if let Some(item) = first.filter(|item| apart && !item.above.contains(&Line::Blank)) {
            item.above.insert(0, Line::Blank);
        }
    }
}

/// What stands above a blank line above the first key speaks of the whole file, and stays there.
fn detach_head(root: &mut Group) {
    let Some(first) = root.items.first_mut() else { return };
    if let Some(last) = first.above.iter().rposition(|line| *line == Line::Blank) {
        let rest = first.above.split_off(last);
        root.head = std::mem::replace(&mut first.above, rest);
    }
}

fn map_of(group: &mut Group, map: &'static Map) {
    if group.is_list {
        return;
    }
    group.items.sort_by_key(|item| map.position(name(item)));
    for item in &mut group.items {
        if let Some(key) = map.key(name(item)) {
            value(&mut item.value, &key.form);
        }
    }
}

fn value(value: &mut Written, form: &Form) {
    let Written::Group(group) = value else { return };
    match form {
        Form::Map(path) => {
            if let Some(map) = language::map(path) {
                map_of(group, map);
            }
        }
        Form::Names(of) | Form::ForeignNames(of) if !group.is_list => each(group, of),
        Form::List(of) | Form::Some(of) | Form::OneOrMore(of) if group.is_list => each(group, of),
        Form::Either(forms) => {
            let maps = |form: &&Form| matches!(form, Form::Map(_)) != group.is_list;
            if let Some(form) = forms.iter().find(maps) {
                self::value(value, form);
            }
        }
        _ => {}
    }
}

fn each(group: &mut Group, form: &Form) {
    group.items.iter_mut().for_each(|item| value(&mut item.value, form));
}

/// The key without its quotes.
fn name(item: &Item) -> &str {
    item.key.trim_matches(['"', '\''])
}
