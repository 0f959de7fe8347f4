//! Edits by example, and random edits of random documents.

mod documents;
mod properties;

use super::{ConfigDocument, EditErrorKind, NewValue};

/// Applies one edit: `path = value` or `-path`.
fn edited(before: &str, edit: &str) -> String {
    let mut document = ConfigDocument::parse(before).unwrap();
    if let Some((path, value)) = edit.split_once(" = ") {
        let path = document.parse_path(path).unwrap();
        document.set_value(&path, &NewValue::parse(value).unwrap()).unwrap();
    } else {
        let path = document.parse_path(edit.strip_prefix('-').unwrap()).unwrap();
        document.unset_value(&path).unwrap();
    }
    document.text().to_owned()
}

#[track_caller]
fn check(before: &str, edit: &str, after: &str) {
    let got = edited(before, edit);
    assert_eq!(got, after, "{edit} made\n{got}\ninstead of\n{after}");
}

const FILE: &str = r"// The box in the cellar.
{
  agents: {
    defaults: {
      model: 'vllm/a', // was b

      timeoutSeconds: 0x10, /* tenths
         of a minute */
    },
  },

  models: { providers: { vllm: { models: [{ id: 'a' }], }, }, },
  // the end
}
";

#[test]
fn a_value_is_replaced_where_it_stands() {
    check(FILE, "agents.defaults.timeoutSeconds = 600", &FILE.replace("0x10", "600"));
    check(FILE, "agents.defaults.model = \"it's\"", &FILE.replace("'vllm/a'", r"'it\'s'"));
    check(FILE, "models.providers.vllm.models[0].id = 'b'", &FILE.replace("'a' }", "'b' }"));
    check(FILE, "agents.defaults.timeoutSeconds = 16", FILE);
}

#[test]
fn a_new_key_looks_like_its_neighbours() {
    let comment = "/* tenths\n         of a minute */\n";
    let added = format!("{comment}      workspace: '~/w',\n");
    check(FILE, "agents.defaults.workspace = '~/w'", &FILE.replace(comment, &added));
    check(
        FILE,
        "models.providers.vllm.models[0].contextWindow = 32768",
        &FILE.replace("{ id: 'a' }", "{ id: 'a', contextWindow: 32768 }"),
    );
    check(FILE, "models.providers.vllm.models.[+] = 1".replace(".[", "[").as_str(), &{
        FILE.replace("{ id: 'a' }]", "{ id: 'a' }, 1]")
    });
    check(
        FILE,
        "models.providers.vllm.apiKey = 'k'",
        &FILE.replace("}], }, }", "}], apiKey: 'k', }, }"),
    );
    let models = "models: { providers: { vllm: { models: [{ id: 'a' }], }, }, },\n";
    let tools = "  tools: {\n    exec: {\n      host: 'node',\n    },\n  },\n";
    check(FILE, "tools.exec.host = 'node'", &FILE.replace(models, &format!("{models}{tools}")));
}

#[test]
fn plain_json_stays_plain_json() {
    let text = "{\n\t\"a\": {\n\t\t\"b\": [\n\t\t\t1\n\t\t]\n\t}\n}\n";
    check(
        text,
        "c.d = {e: ['x', +1], f: {}}",
        "{\n\t\"a\": {\n\t\t\"b\": [\n\t\t\t1\n\t\t]\n\t},\n\t\"c\": {\n\t\t\"d\": {\n\t\t\t\"e\": \
         [\"x\", 1],\n\t\t\t\"f\": {}\n\t\t}\n\t}\n}\n",
    );
    check(text, "a.b[+] = 2", &text.replace("\t1\n", "\t1,\n\t\t\t2\n"));
    check(
        r#"{"a":{"b":1},"c":[1,2]}"#,
        "a.d = {e: [1, 2]}",
        r#"{"a":{"b":1,"d":{"e":[1,2]}},"c":[1,2]}"#,
    );
    check(r#"{"a":{"b":1},"c":[1,2]}"#, "c.2 = 3", r#"{"a":{"b":1},"c":[1,2,3]}"#);
}

#[test]
fn an_empty_container_is_filled() {
    check("{}\n", "a.b = 1", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n");
    check("{\n  // nothing yet\n}\n", "a = 1", "{\n  // nothing yet\n  \"a\": 1\n}\n");
    check("{ a: {} }", "a.b = 1", "{ a: { b: 1 } }");
    check("{ a: { /* c */ } }", "a.b = 1", "{ a: { /* c */ b: 1 } }");
    check("{ a: [] }", "a[0] = 1", "{ a: [1] }");
    check("{ a: null }", "a.b = 1", "{ a: { b: 1 } }");
    check("{\r\n  a: {},\r\n}", "a.b = 1", "{\r\n  a: {\r\n    b: 1,\r\n  },\r\n}");
}

#[test]
fn a_removed_key_leaves_no_hole_and_every_comment() {
    check(FILE, "-agents.defaults.model", &FILE.replace("model: 'vllm/a', // was b", "// was b"));
    let line = "      timeoutSeconds: 0x10, /* tenths\n         of a minute */\n";
    check(
        FILE,
        "-agents.defaults.timeoutSeconds",
        &FILE.replace(line, "      /* tenths\n         of a minute */\n"),
    );
    check(FILE, "-agents.defaults", &{
        let (before, rest) = FILE.split_once("agents: {").unwrap();
        let (_, after) = rest.split_once("    },\n  }").unwrap();
        format!("{before}agents: {{}}{after}")
    });
    check("{ a: 1, b: 2, c: 3 }", "-b", "{ a: 1, c: 3 }");
    check("{ a: 1, b: 2, c: 3 }", "-c", "{ a: 1, b: 2 }");
    check("{ a: 1, b: 2, c: 3, }", "-c", "{ a: 1, b: 2, }");
    check("{ a: [1,2,3] }", "-a[1]", "{ a: [1,3] }");
    check("{ a: [1,2,3] }", "-a[0]", "{ a: [2,3] }");
    check("{ a: 1 }", "-a", "{}");
    check("{\n  a: 1,\n  b: 2\n}", "-b", "{\n  a: 1\n}");
    check("{\n  a: 1, // one\n  b: 2 // two\n}", "-b", "{\n  a: 1 // one\n  // two\n}");
    check("{ a: 1, b: 2, a: 3 }", "-a", "{ b: 2 }");
}

#[test]
fn an_object_is_changed_only_where_it_differs() {
    let text = "{\n  a: {\n    x: 1, // one\n    y: 2, // two\n    z: [1, /* i */ 2],\n  },\n}\n";
    check(
        text,
        "a = {x: 1, z: [1, 3], w: true}",
        "{\n  a: {\n    x: 1, // one\n    // two\n    z: [1, /* i */ 3],\n    w: true,\n  },\n}\n",
    );
}

#[test]
fn merging_leaves_what_is_not_named() {
    let mut document = ConfigDocument::parse("{ a: { x: 1, y: { z: 2 } } }").unwrap();
    let value = NewValue::parse("{ y: { w: [3] }, x: {} }").unwrap();
    document.merge_value(&"a".parse().unwrap(), &value).unwrap();
    assert_eq!(document.text(), "{ a: { x: {}, y: { z: 2, w: [3] } } }");
}

#[test]
fn what_cannot_be_edited_says_why_and_changes_nothing() {
    let text = "{ a: { b: 'x' }, c: [1] }";
    let fails = |edit: &str| {
        let mut document = ConfigDocument::parse(text).unwrap();
        let (path, value) = edit.split_once(" = ").unwrap_or((edit, ""));
        let path = document.parse_path(path).unwrap();
        let error = match value {
            "" => document.unset_value(&path),
            value => document.set_value(&path, &NewValue::parse(value).unwrap()),
        }
        .unwrap_err();
        assert_eq!(document.text(), text);
        (error.to_string(), error.kind().clone())
    };
    assert_eq!(fails("a.b.c = 1").0, "set `a.b.c`: `a.b` is a string");
    assert_eq!(fails("c.d = 1").0, "set `c.d`: `c` is a list");
    assert_eq!(fails("a[0] = 1").0, "set `a[0]`: `a` is an object");
    assert_eq!(fails("c[5] = 1").0, "set `c[5]`: `c` has 1 elements, `c[+]` appends one");
    assert_eq!(fails("n[1] = 1").0, "set `n[1]`: `n` has 0 elements, `n[+]` appends one");
    assert_eq!(fails("a.x").0, "unset `a.x`, which is not set");
    assert_eq!(fails("").1, EditErrorKind::WholeDocument);
    assert_eq!(fails(" = 1").1, EditErrorKind::WholeDocument);
    let deep = format!("{}x = 1", "x.".repeat(100_000));
    assert_eq!(fails(&deep).1, EditErrorKind::UnsafeEdit);
}

#[test]
fn a_typed_path_appends_and_counts() {
    let document = ConfigDocument::parse("{ a: [1, [2]], 'b[+]': [1] }").unwrap();
    for (typed, path) in [
        ("a[+]", "a[2]"),
        ("a[1][+]", "a[1][1]"),
        ("a.1.0", "a[1][0]"),
        ("a[+][+].x", "a[2][0].x"),
        ("new.list[+].id", "new.list[0].id"),
        (r#"["b[+]"][+]"#, r#"["b[+]"][1]"#),
        ("a.x", "a.x"),
    ] {
        assert_eq!(document.parse_path(typed).unwrap().to_string(), path);
    }
    assert!(document.parse_path("a[+").is_err());
}

#[test]
fn secrets_are_in_no_debug_output() {
    let document = ConfigDocument::parse("{ apiKey: 'canary' }").unwrap();
    assert!(!format!("{document:?} {:?}", NewValue::from_string("canary")).contains("canary"));
}
