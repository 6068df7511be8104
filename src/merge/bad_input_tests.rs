//! Input that nobody should write, and that comes anyway: never a panic, never a loss, and an answer in
//! bounded work.

use super::{Format, Merged, merge};

/// Merges from both sides, and checks what holds for every merge.
fn checked(format: Format, base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    let merged = merge(format, base, ours, theirs);
    assert_eq!(merge(format, base, theirs, ours), merged, "not symmetric");
    merged
}

/// Whether the text and the ledger together hold `word`.
fn holds(merged: &Merged, word: &str) -> bool {
    let choices = merged.choices.iter().flat_map(|it| [&it.chosen, &it.alternative]);
    std::iter::once(&merged.text).chain(choices).any(|text| text.contains(word))
}

#[test]
fn front_matter_that_is_not_yaml_loses_nothing() {
    for (name, block) in [
        ("tabs", "---\na: 1\n\tb: OLD\nc: 3\n---\nbody\n"),
        ("unclosed", "---\na: 1\nb: OLD\n\nbody\n"),
        ("key twice", "---\na: 1\na: 2\nb: OLD\n---\nbody\n"),
        ("no mapping", "---\njust words OLD\n---\nbody\n"),
        ("open quote", "---\na: \"unclosed OLD\nb: 2\n---\nbody\n"),
        ("open bracket", "---\na: [1, OLD\nb: 2\n---\nbody\n"),
        ("colons", "---\na: b: c: OLD\n: x\n---\nbody\n"),
        ("NUL", "---\na\0: OLD\n---\nbo\0dy\n"),
        ("second document", "---\na: OLD\n---\n---\nb: 1\n---\n"),
        ("key without blank", "---\na:OLD\nb: 1\n---\nbody\n"),
    ] {
        let ours = block.replace("OLD", "MINE");
        let theirs = block.replace("OLD", "YOURS");
        for base in [Some(block), None] {
            let merged = checked(Format::Markdown, base, &ours, &theirs);
            assert!(holds(&merged, "MINE") && holds(&merged, "YOURS"), "{name}: {merged:?}");
        }
        // The body is merged, however broken the block is.
        let theirs = format!("{block}one more line\n");
        let merged = checked(Format::Markdown, Some(block), &ours, &theirs);
        assert!(merged.text.contains("MINE") && merged.text.contains("one more line"), "{name}");
    }
}

#[test]
fn a_block_broken_by_one_side_breaks_nothing_else() {
    let base = "---\na: 1\nb: 2\n---\nbody\n";
    let broken = "---\na: 1\n\tb: [2\n---\nbody\n";
    let fine = "---\na: 5\nb: 2\n---\nbody and more\n";
    let merged = checked(Format::Markdown, Some(base), broken, fine);
    assert!(merged.text.contains("body and more"), "{merged:?}");
    assert!(holds(&merged, "\tb: [2") && holds(&merged, "a: 5"), "{merged:?}");
}

#[test]
fn json_cut_off_anywhere_loses_nothing() {
    let whole =
        "{\n\t\"nodes\":[\n\t\t{\"id\":\"a\",\"x\":1.50,\"text\":\"é \\ud83d\\ude00\"}\n\t]\n}\n";
    let edited = whole.replace("1.50", "2.75");
    for end in (0..whole.len()).filter(|&end| whole.is_char_boundary(end)) {
        let cut = &whole[..end];
        let merged = checked(Format::Json, Some(whole), cut, &edited);
        let texts = [&merged.text[..], merged.choices.first().map_or("", |it| &it.alternative)];
        if serde_json::from_str::<serde_json::Value>(cut).is_err() {
            assert_eq!(texts, [&edited[..], cut], "cut at {end}");
        }
        // Cut off on both sides, and in the base.
        let other = format!("{cut}YOURS");
        let merged = checked(Format::Json, Some(whole), cut, &other);
        assert!(holds(&merged, "YOURS") && holds(&merged, cut), "cut at {end}");
        checked(Format::Json, Some(cut), &edited, whole);
    }
}

#[test]
fn json_that_is_deep_is_chosen_as_a_whole() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = |core: &str| format!("{}{core}{}", open.repeat(100_000), close.repeat(100_000));
        let (base, ours, theirs) = (deep("1"), deep("2"), deep("3"));
        let merged = checked(Format::Json, Some(&base), &ours, &theirs);
        assert!([&ours, &theirs].contains(&&merged.text));
        assert!([&ours, &theirs].contains(&&merged.choices[0].alternative));
        // Never closed at all.
        let open = open.repeat(100_000);
        let merged = checked(Format::Json, Some("[]"), &open, "[1]");
        assert_eq!(merged.text, "[1]");
        assert_eq!(merged.choices[0].alternative, open);
    }
}

#[test]
fn yaml_that_is_deep_is_merged_or_chosen() {
    let deep = |core: &str| -> String {
        let keys: String =
            (0..500).flat_map(|depth| [" ".repeat(depth), "k:\n".to_owned()]).collect();
        format!("{keys}{}{core}\n", " ".repeat(500))
    };
    let merged = checked(Format::Yaml, Some(&deep("a: 1")), &deep("a: 2"), &deep("b: 3"));
    assert!(holds(&merged, "a: 2") && holds(&merged, "b: 3"));
    let dashes = |core: &str| format!("a:\n  {}{core}\n", "- ".repeat(200));
    let merged = checked(Format::Yaml, Some(&dashes("x")), &dashes("MINE"), &dashes("YOURS"));
    assert!(holds(&merged, "MINE") && holds(&merged, "YOURS"));
}

#[test]
fn one_line_of_a_megabyte_is_merged() {
    // Words, one endless word, and one endless JSON string.
    let words: String = (0..150_000)
        .flat_map(|number| ["w".to_owned(), number.to_string(), " ".to_owned()])
        .collect();
    for base in [words, "x".repeat(1_000_000), format!("[\"{}\"]", "y".repeat(1_000_000))] {
        let middle = base.len() / 2;
        let ours = format!("{}MINE{}", &base[..10], &base[10..]);
        let theirs = format!("{}YOURS{}", &base[..middle], &base[middle..]);
        for format in [Format::Markdown, Format::Json] {
            for base in [Some(&base[..]), None] {
                let merged = checked(format, base, &ours, &theirs);
                assert!(holds(&merged, "MINE") && holds(&merged, "YOURS"), "{format:?}");
            }
        }
    }
}

#[test]
fn a_very_long_line_is_merged_by_words_or_chosen() {
    let base: String = (0..100_000)
        .flat_map(|number| ["wörd".to_owned(), number.to_string(), " ".to_owned()])
        .collect();
    let mine = base.replace("wörd100 ", "MINE ").replace("wörd90000 ", "MINE too ");
    let yours = base.replace("wörd50000 ", "wörd50000 YOURS ");
    let both = mine.replace("wörd50000 ", "wörd50000 YOURS ");
    let merged = checked(Format::Markdown, Some(&base), &mine, &yours);
    assert_eq!(merged, Merged { text: both, choices: Vec::new() });
    // One word, with two signs at it.
    let (mine, yours) = (base.replace("wörd70000 ", "MINE "), base.replace("wörd70000 ", "YOURS "));
    let merged = checked(Format::Plain, Some(&base), &mine, &yours);
    assert!([&mine, &yours].contains(&&merged.text));
    assert_eq!(merged.choices.len(), 1);
    assert!(merged.choices[0].alternative.len() < 10, "{:?}", merged.choices);
    // Both wrote all of it anew.
    let (mine, yours) = (base.replace("wörd", "MINE"), base.replace("wörd", "YOURS"));
    let merged = checked(Format::Plain, Some(&base), &mine, &yours);
    let told = &merged.choices[0];
    assert_eq!([merged.text.trim(), &told.alternative], [yours.trim(), mine.trim()]);
    // No blanks at all.
    let base = "知識".repeat(50_000);
    let (mine, yours) = (format!("我{base}"), format!("{base}你"));
    let merged = checked(Format::Markdown, Some(&base), &mine, &yours);
    assert_eq!(merged, Merged { text: format!("我{base}你"), choices: Vec::new() });
}

#[test]
fn odd_bytes_and_line_ends_stay() {
    let base = "one\r\ntwo\rthree\n\0four\u{feff}\u{2028}five\nsix\r\n";
    let ours = base.replace("one", "MINE");
    let theirs = base.replace("four", "YOURS");
    for format in [Format::Markdown, Format::Plain] {
        let merged = checked(format, Some(base), &ours, &theirs);
        assert_eq!(merged.text, base.replace("one", "MINE").replace("four", "YOURS"));
        assert!(merged.choices.is_empty());
    }
    for format in [Format::Json, Format::Yaml] {
        let merged = checked(format, Some(base), &ours, &theirs);
        assert!(holds(&merged, "MINE") && holds(&merged, "YOURS"));
    }
}

#[test]
fn ten_thousand_nodes_are_merged_by_id() {
    let node = |id: usize, x: usize| format!("\t\t{{\"id\":\"n{id}\",\"x\":{x},\"y\":0}}");
    let file = |nodes: Vec<String>| format!("{{\n\t\"nodes\":[\n{}\n\t]\n}}", nodes.join(",\n"));
    let all = |moved: Option<usize>| -> Vec<String> {
        (0..10_000).map(|id| node(id, if moved == Some(id) { 77 } else { id })).collect()
    };
    let base = all(None);
    let (mut ours, mut theirs) = (all(Some(5_000)), all(Some(5_001)));
    ours.push(node(10_000, 1));
    theirs.push(node(10_001, 2));
    let mut expected = all(Some(5_000));
    expected[5_001] = node(5_001, 77);
    expected.extend([node(10_000, 1), node(10_001, 2)]);
    let merged = checked(Format::Json, Some(&file(base)), &file(ours), &file(theirs));
    assert_eq!(merged, Merged { text: file(expected), choices: Vec::new() });
}

#[test]
fn five_thousand_properties_are_merged_by_key() {
    let note = |edit: &dyn Fn(usize) -> String, more: &str| {
        let keys: Vec<String> =
            (0..5_000).map(|key| format!("key{key}: {}\n", edit(key))).collect();
        let keys = keys.concat();
        format!("---\n{keys}{more}---\nbody\n")
    };
    let plain = |key: usize| key.to_string();
    let at = |place: usize, value: &'static str| {
        move |key: usize| if key == place { value.to_owned() } else { key.to_string() }
    };
    let (base, ours) = (note(&plain, ""), note(&at(2_500, "mine"), "more1: 1\n"));
    let theirs = note(&at(2_501, "yours"), "more2: 2\n");
    let merged = checked(Format::Markdown, Some(&base), &ours, &theirs);
    let both = |key: usize| match key {
        2_500 => "mine".to_owned(),
        2_501 => "yours".to_owned(),
        _ => key.to_string(),
    };
    assert_eq!(merged, Merged { text: note(&both, "more1: 1\nmore2: 2\n"), choices: Vec::new() });
}

#[test]
fn a_line_with_thousands_of_edits_is_merged() {
    // Just below and far above what is merged in atoms.
    for words in [8_000, 100_000] {
        let line = |mine: &dyn Fn(usize) -> bool, new: &str| -> String {
            let word = |at: usize| if mine(at) { new } else { "w" };
            (0..words)
                .flat_map(|at| [word(at).to_owned(), at.to_string(), " ".to_owned()])
                .collect()
        };
        let base = line(&|_| false, "");
        let ours = line(&|at| at % 6 == 0, "mine");
        let theirs = line(&|at| at % 6 == 3, "yours");
        let merged = checked(Format::Markdown, Some(&base), &ours, &theirs);
        assert!(holds(&merged, "mine6 ") && holds(&merged, "yours9 "), "{words}");
        assert!(words > 8_000 || merged.choices.is_empty(), "{words}");
        // Changed by both, wherever one did.
        let theirs = line(&|at| at % 3 == 0, "yours");
        let merged = checked(Format::Markdown, Some(&base), &ours, &theirs);
        assert!(holds(&merged, "mine6") && holds(&merged, "yours6"), "{words}");
        let said: usize = merged.choices.iter().map(|it| it.alternative.len()).sum();
        assert!(said < 3 * base.len(), "{words}");
    }
}
