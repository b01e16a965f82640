//! Money: whole fen inside, yuan with two decimals on the wire (PAY-1).

use std::fmt;

/// An amount of money: whole fen inside, yuan with two decimals on the wire (PAY-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    fen: i64,
}

impl Money {
    /// An amount in fen.
    pub const fn from_fen(fen: i64) -> Money {
        Money { fen }
    }

    /// The amount in fen.
    pub const fn fen(self) -> i64 {
        self.fen
    }

    /// Reads yuan with at most two decimals that count: `12`, `12.5`, `12.50`, `-0.01`.
    pub fn parse_yuan(text: &str) -> Option<Money> {
        let text = text.trim();
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (yuan, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let fraction = fraction.trim_end_matches('0');
        if yuan.is_empty() || !numeric(yuan) || !numeric(fraction) || fraction.len() > 2 {
            return None;
        }
        let cents: i64 = format!("{fraction:0<2}").parse().ok()?;
        let fen = yuan
            .parse::<i64>()
            .ok()?
            .checked_mul(100)?
            .checked_add(cents)?;
        Some(Money { fen: sign * fen })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.fen < 0 { "-" } else { "" };
        let fen = self.fen.unsigned_abs();
        write!(out, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAY-1
    #[test]
    fn money_is_written_in_yuan_with_two_decimals_and_read_back_to_the_fen() {
        for (fen, yuan) in [(0, "0.00"), (5, "0.05"), (1250, "12.50"), (-1, "-0.01")] {
            assert_eq!(Money::from_fen(fen).to_string(), yuan);
            assert_eq!(Money::parse_yuan(yuan), Some(Money::from_fen(fen)));
        }
        assert_eq!(Money::parse_yuan("12.5"), Some(Money::from_fen(1250)));
        assert_eq!(Money::parse_yuan("12.500"), Some(Money::from_fen(1250)));
    }

    /// PAY-1
    #[test]
    fn what_is_not_an_amount_to_the_fen_is_refused() {
        for text in [
            "",
            ".",
            ".5",
            "1.005",
            "1e3",
            "１",
            "1,000",
            "--1",
            "99999999999999999999",
        ] {
            assert_eq!(Money::parse_yuan(text), None, "{text:?}");
        }
    }
}
