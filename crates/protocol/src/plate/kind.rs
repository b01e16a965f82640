use super::PlateColor;

/// The characters of the 31 provinces, with which most plates begin.
pub const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// Kinds of plates by GA 36-2018, as far as the text alone tells them apart.
///
/// In the patterns `P` is a province, `L` a letter without I and O, `X` such a letter or a digit,
/// `d` a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlateKind {
    /// `P L X{5}`: small vehicles (blue). Large vehicles (yellow) and low-speed vehicles have the
    /// same text.
    Ordinary,
    /// `P L E X d{4}` with a letter `E` for the energy: small new-energy vehicles (fading green).
    NewEnergySmall,
    /// `P L d{5} E`: large new-energy vehicles (yellow and green).
    NewEnergyLarge,
    /// `P L X{4} 学`: driving school.
    Trainer,
    /// `P L X{4} 挂`: trailer.
    Trailer,
    /// `P L X{4} 警`: police.
    Police,
    /// `WJ P? d{4}` and a digit or letter: armed police.
    ArmedPolice,
    /// Two letters and `d{5}`: military.
    Military,
    /// `d{6} 使`, formerly `使 d{6}`: embassy.
    Embassy,
    /// `P L X{4} 领`: consulate.
    Consulate,
    /// `粤Z X{4} 港` or `澳`: vehicles of Hong Kong and Macau on the mainland.
    HongKongMacau,
    /// `民航 X{5}`: airport vehicles.
    CivilAviation,
    /// `P X X{4} 应急` or `P S X{4} 应急`: fire and rescue.
    Emergency,
    /// None of the others: temporary, foreign, misread, or newer than this table.
    Unknown,
}

impl PlateKind {
    /// The colour that plates of this kind usually have, for when nobody looked.
    ///
    /// A recognizer's colour is always better: yellow plates of large vehicles are
    /// [`PlateKind::Ordinary`] too.
    #[must_use]
    pub fn usual_color(self) -> PlateColor {
        match self {
            Self::Ordinary => PlateColor::Blue,
            Self::NewEnergySmall | Self::NewEnergyLarge | Self::CivilAviation => PlateColor::Green,
            Self::Trainer | Self::Trailer => PlateColor::Yellow,
            Self::Police | Self::ArmedPolice | Self::Military | Self::Emergency => {
                PlateColor::White
            }
            Self::Embassy | Self::Consulate | Self::HongKongMacau => PlateColor::Black,
            Self::Unknown => PlateColor::Other,
        }
    }

    /// Whether the plate is one of a new-energy vehicle, with its eight characters.
    #[must_use]
    pub(super) fn is_new_energy(self) -> bool {
        matches!(self, Self::NewEnergySmall | Self::NewEnergyLarge)
    }

    /// The kind of a normalised text.
    pub(super) fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        match chars.as_slice() {
            // Before the military, whose pattern `WJ12345` fits too.
            ['W', 'J', number @ ..] if is_armed_police_number(number) => Self::ArmedPolice,
            [first, second, number @ ..]
                if first.is_ascii_uppercase()
                    && second.is_ascii_uppercase()
                    && is_number(number, 5) =>
            {
                Self::Military
            }
            ['使', number @ ..] | [number @ .., '使'] if is_number(number, 6) => Self::Embassy,
            ['民', '航', serial @ ..] if is_serial(serial, 5) => Self::CivilAviation,
            [province, letter, rest @ ..] if is_province(*province) && is_letter(*letter) => {
                Self::of_province(*province, *letter, rest)
            }
            _ => Self::Unknown,
        }
    }

    fn of_province(province: char, letter: char, rest: &[char]) -> Self {
        match rest {
            [serial @ .., '应', '急'] if matches!(letter, 'X' | 'S') && is_serial(serial, 4) => {
                Self::Emergency
            }
            [serial @ .., '港' | '澳']
                if (province, letter) == ('粤', 'Z') && is_serial(serial, 4) =>
            {
                Self::HongKongMacau
            }
            [serial @ .., '学'] if is_serial(serial, 4) => Self::Trainer,
            [serial @ .., '挂'] if is_serial(serial, 4) => Self::Trailer,
            [serial @ .., '警'] if is_serial(serial, 4) => Self::Police,
            [serial @ .., '领'] if is_serial(serial, 4) => Self::Consulate,
            [energy, second, number @ ..]
                if is_energy(*energy) && is_serial_char(*second) && is_number(number, 4) =>
            {
                Self::NewEnergySmall
            }
            [number @ .., energy] if is_number(number, 5) && is_energy(*energy) => {
                Self::NewEnergyLarge
            }
            serial if is_serial(serial, 5) => Self::Ordinary,
            _ => Self::Unknown,
        }
    }
}

fn is_province(c: char) -> bool {
    PROVINCES.contains(c)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_uppercase() && c != 'I' && c != 'O'
}

fn is_serial_char(c: char) -> bool {
    is_letter(c) || c.is_ascii_digit()
}

/// D, A, B, C, E: battery; F, G, H, J, K: other energies.
fn is_energy(c: char) -> bool {
    matches!(c, 'A'..='H' | 'J' | 'K')
}

fn is_serial(chars: &[char], length: usize) -> bool {
    chars.len() == length && chars.iter().all(|c| is_serial_char(*c))
}

fn is_number(chars: &[char], length: usize) -> bool {
    chars.len() == length && chars.iter().all(char::is_ascii_digit)
}

fn is_armed_police_number(chars: &[char]) -> bool {
    let number = match chars {
        [province, number @ ..] if is_province(*province) => number,
        number => number,
    };
    matches!(number, [digits @ .., last]
        if is_number(digits, 4) && (last.is_ascii_digit() || last.is_ascii_uppercase()))
}
