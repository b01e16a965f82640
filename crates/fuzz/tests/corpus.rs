//! Every target over its kept corpus and a bounded number of mutations of it.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use boshi_fuzz::mutate::Mutator;
use boshi_fuzz::{TARGETS, Target, endpoints};

/// Mutations a target: some seconds for all of them.
const MUTATIONS: usize = 3_000;

/// The same ones each time; `BOSHI_FUZZ_SEED` tries others.
const SEED: u64 = 1;

/// A target's name, and whether an input is accepted.
type Read = (&'static str, fn(&[u8]) -> bool);

fn folder(target: Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name)
}

fn corpus(target: Target) -> Vec<Vec<u8>> {
    let folder = folder(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort_unstable();
    paths
        .iter()
        .map(|path| fs::read(path).expect("an input"))
        .collect()
}

fn run(target: Target, input: &[u8]) {
    let run = target.run;
    let ran = catch_unwind(|| run(input));
    let text = String::from_utf8_lossy(input);
    assert!(
        ran.is_ok(),
        "{} does not hold for {input:?}\n{text}",
        target.name
    );
}

/// D-3, T-5, T-6, PAY-1: what was ever found, and what is ordinary.
#[test]
fn whatever_is_kept_is_read_without_harm() {
    for target in TARGETS {
        let corpus = corpus(*target);
        assert!(!corpus.is_empty(), "{} has no corpus", target.name);
        corpus.iter().for_each(|input| run(*target, input));
    }
}

/// `cargo xtask fuzz` knows the targets by their folders.
#[test]
fn every_folder_of_the_corpus_is_a_target() {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).unwrap();
    for folder in folders {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(boshi_fuzz::named(&name).is_some(), "{name}");
    }
}

/// What is said of the targets is counted, in either language.
#[test]
fn the_documents_tell_how_many_targets_there_are() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (name, word) in [("PROOF.md", "targets"), ("PROOF.zh-CN.md", "个目标")] {
        let text = fs::read_to_string(docs.join(name)).unwrap();
        let said = format!("\n{} {word}", TARGETS.len());
        assert!(text.contains(&said), "{name} does not say{said}");
    }
}

/// D-3: what strict accepts, tolerant accepts equally, and what we write, strict reads as the same;
/// whatever it is, nothing panics.
#[test]
fn whatever_is_made_of_it_is_read_without_harm() {
    let seed = std::env::var("BOSHI_FUZZ_SEED").ok();
    let seed = seed.map_or(SEED, |seed| seed.parse().expect("a number"));
    for target in TARGETS {
        let corpus = corpus(*target);
        let mut mutator = Mutator::new(seed);
        for _ in 0..MUTATIONS {
            run(*target, &mutator.next(&corpus));
        }
    }
}

/// A corpus of which everything is refused tests nothing but refusals.
#[test]
fn a_request_and_a_reply_of_each_endpoint_in_the_corpus_are_accepted_strictly() {
    let reads: [Read; 2] = [("request", endpoints::request), ("reply", endpoints::reply)];
    for (name, read) in reads {
        let corpus = corpus(boshi_fuzz::named(name).unwrap());
        for endpoint in b'a'..=b'l' {
            let mut its = corpus.iter().filter(|input| input[0] == endpoint);
            assert!(
                its.any(|input| read(input)),
                "{name} {}",
                char::from(endpoint)
            );
        }
    }
}
