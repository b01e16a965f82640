//! What is written about a run.

use boshi_conformance::broken::{FAULTS, judged_on};
use boshi_conformance::case::Side;
use boshi_conformance::report::{FILES, Report, html, json, junit, write};

/// A report on a supplier that checks no token.
async fn report() -> Report {
    let fault = FAULTS.iter().copied().flatten();
    let fault = fault
        .copied()
        .find(|it| it.side == Side::Supplier && it.name == "checks no token");
    let (bench, outcomes) = judged_on(Side::Supplier, fault).await.unwrap();
    Report::new(&bench, &outcomes, outcomes.len(), false)
}

/// D-7
#[tokio::test(start_paused = true)]
async fn no_secret_and_no_token_is_in_any_file() {
    let report = report().await;
    let written = [html(&report), json(&report), junit(&report)].map(Result::unwrap);
    let tokens = boshi_conformance::token::Signer {
        app_id: "99848791".to_owned(),
        secret: "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo".into(),
    };
    for text in written {
        assert!(!text.contains("eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"));
        assert!(!text.contains(&tokens.token("20170818 17:14:15")));
        assert!(text.contains("T-6"));
    }
}

/// T-6
#[tokio::test(start_paused = true)]
async fn the_page_tells_what_was_expected_with_its_clause_and_what_came() {
    let page = html(&report().await).unwrap();
    for words in [
        "错误的 token 被拒绝",
        "a wrong token is refused",
        "备注·token 生成说明",
        "checkConnect",
        "不符合",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let outside = ["src=", "href=\"http", "@import", "url("];
    assert!(
        outside.iter().all(|it| !page.contains(it)),
        "it is self-contained"
    );
}

#[tokio::test(start_paused = true)]
async fn junit_counts_failures_and_the_json_counts_the_same() {
    let report = report().await;
    let xml = junit(&report).unwrap();
    assert_eq!(xml.matches("<failure ").count(), report.summary.failed);
    assert!(report.summary.failed > 0);
    let value: serde_json::Value = serde_json::from_str(&json(&report).unwrap()).unwrap();
    assert_eq!(value["summary"]["failed"], report.summary.failed);
}

/// The attributes that the schemas of those who read JUnit XML know; they refuse others.
#[tokio::test(start_paused = true)]
async fn junit_has_no_attribute_that_its_readers_refuse() {
    let known = [
        ("testsuites", "name tests failures errors time"),
        (
            "testsuite",
            "name tests failures skipped errors time timestamp",
        ),
        ("testcase", "classname name time"),
        ("failure", "type message"),
        ("skipped", "message"),
    ];
    let xml = junit(&report().await).unwrap();
    for (element, attributes) in known {
        let begin = format!("<{element} ");
        let tags = xml.split(&begin).skip(1);
        for tag in tags.map(|it| it.split('>').next().unwrap()) {
            // Names and values in turn: values have no quotation marks in them.
            let names = tag
                .split('"')
                .step_by(2)
                .filter_map(|it| it.trim().strip_suffix('='));
            let unknown: Vec<_> = names
                .filter(|name| !attributes.split(' ').any(|it| it == *name))
                .collect();
            assert!(unknown.is_empty(), "{element}: {unknown:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_three_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    write(&report().await, &folder.path().join("made")).unwrap();
    for name in FILES {
        assert!(folder.path().join("made").join(name).exists(), "{name}");
    }
}
