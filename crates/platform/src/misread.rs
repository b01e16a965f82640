//! Plates that may be the same one, misread: candidates for a person who compares the pictures.
//! Pure, and asked by nobody who moves a barrier.

use boshi_protocol::plate::{PROVINCES, Plate};

/// What a whole character costs that is another, missing or too much.
const CHARACTER: u32 = 10;
/// What a character costs that recognizers take for the other.
const LOOKALIKE: u32 = 3;
/// What a province costs that is another: the first character is the one that is read worst.
const PROVINCE: u32 = 5;
/// Beyond this two plates have nothing to do with each other: two whole characters.
pub const MOST: u32 = 2 * CHARACTER;

/// Characters that recognizers take for each other.
const LOOKALIKES: [&str; 8] = ["0ODQ", "8B", "1IL7", "2Z", "5S", "6G", "VU", "4A"];

/// How far `one` is from `other`: 0 when equal, none when they have nothing to do with each other.
pub fn distance(one: &Plate, other: &Plate) -> Option<u32> {
    let one: Vec<char> = one.as_str().chars().collect();
    let other: Vec<char> = other.as_str().chars().collect();
    let mut above: Vec<u32> = (0..)
        .step_by(CHARACTER as usize)
        .take(other.len() + 1)
        .collect();
    for (row, left) in one.iter().enumerate() {
        let mut before = above[0];
        above[0] += CHARACTER;
        for (column, right) in other.iter().enumerate() {
            let replaced = before + substitution(*left, *right, row == 0 && column == 0);
            before = above[column + 1];
            let cheapest = replaced.min(before + CHARACTER);
            above[column + 1] = cheapest.min(above[column] + CHARACTER);
        }
    }
    above.last().copied().filter(|cost| *cost <= MOST)
}

fn substitution(left: char, right: char, is_first: bool) -> u32 {
    let alike = |group: &&str| group.contains(left) && group.contains(right);
    let is_province = |c: char| PROVINCES.contains(c);
    if left == right {
        0
    } else if LOOKALIKES.iter().any(alike) {
        LOOKALIKE
    } else if is_first && is_province(left) && is_province(right) {
        PROVINCE
    } else {
        CHARACTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(one: &str, other: &str) -> Option<u32> {
        let plate = |text| Plate::read(text).unwrap().unwrap();
        distance(&plate(one), &plate(other))
    }

    #[test]
    fn what_recognizers_take_for_each_other_is_nearer_than_what_they_do_not() {
        assert_eq!(between("粤B12345", "粤B12345"), Some(0));
        assert_eq!(between("粤B1234S", "粤B12345"), Some(LOOKALIKE));
        assert_eq!(between("粤80O345", "粤BO0345"), Some(3 * LOOKALIKE));
        assert_eq!(between("浙B12345", "粤B12345"), Some(PROVINCE));
        assert_eq!(between("粤B12346", "粤B12345"), Some(CHARACTER));
        assert_eq!(between("粤B2345", "粤B12345"), Some(CHARACTER));
        assert_eq!(between("粤B12345", "粤B2345"), Some(CHARACTER));
        assert_eq!(between("京A99999", "粤B12345"), None);
    }
}
