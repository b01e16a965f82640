//! Counts by word.

use std::collections::BTreeMap;

/// Most words that are told apart in one count; what is beyond them counts as [`OTHER`]. The words
/// are of fixed sets with fewer members: this bounds what a mistake could cost.
const MOST_WORDS: usize = 128;

const OTHER: &str = "other";

/// Counts by word, or by a few words with a space between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(BTreeMap<String, u64>);

impl Words {
    /// Each word with its count.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(word, count)| (word.as_str(), *count))
    }

    /// One more of `word`.
    pub fn add(&mut self, word: &str) {
        if let Some(count) = self.0.get_mut(word) {
            *count += 1;
            return;
        }
        let word = if self.0.len() < MOST_WORDS {
            word
        } else {
            OTHER
        };
        *self.0.entry(word.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_end_are_one_word() {
        let mut words = Words::default();
        for number in 0..1000 {
            words.add(&number.to_string());
        }
        words.add("0");
        assert_eq!(words.iter().count(), MOST_WORDS + 1);
        assert_eq!(words.iter().map(|(_, count)| count).sum::<u64>(), 1001);
        assert!(words.iter().any(|(word, count)| word == "0" && count == 2));
    }
}
