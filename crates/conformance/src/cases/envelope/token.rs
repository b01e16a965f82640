//! The token: right, wrong, upper case, stale, of another lot (T-6).

use crate::bench::{Bench, OtherLot};
use crate::case::Severity::{Must, Should};
use crate::case::{Case, Given, Need, Side};
use crate::cases::probe::Expect::Refused;
use crate::cases::probe::{probe, sound, sound_fields, sound_path};
use crate::draft::Draft;
use crate::token::Signer;

/// Who has no other lot is not asked for one: such a case needs it.
const OTHER: &[Need] = &[Need::Given(Given::OtherLot)];

pub(super) fn cases(side: Side) -> Vec<Case> {
    let mut cases = wrong();
    cases.extend(foreign());
    if side == Side::Platform {
        cases.push(probe(
            "T-6.unknown-app",
            Must,
            (
                "未分配的 appId 被拒绝",
                "an appId that nobody has is refused",
            ),
            Refused,
            |bench| {
                let signer = Signer {
                    app_id: "no-such-app".to_owned(),
                    ..bench.setting.signer.clone()
                };
                signed(bench, &bench.setting.lot, &signer)
            },
        ));
    }
    cases
}

fn wrong() -> Vec<Case> {
    vec![
        probe(
            "T-6.wrong",
            Must,
            ("错误的 token 被拒绝", "a wrong token is refused"),
            Refused,
            |bench| sound(bench).with("token", "0123456789abcdef0123456789abcdef"),
        ),
        probe(
            "T-6.empty",
            Must,
            ("空 token 被拒绝", "an empty token is refused"),
            Refused,
            |bench| sound(bench).with("token", ""),
        ),
        probe(
            "T-6.upper-case",
            Should,
            ("大写的 token 被拒绝", "a token in upper case is refused"),
            Refused,
            |bench| {
                let draft = sound(bench);
                let token = draft.fields["token"]
                    .as_str()
                    .unwrap_or_default()
                    .to_uppercase();
                draft.with("token", token)
            },
        ),
        probe(
            "T-6.stale",
            Must,
            (
                "用另一时间算出的 token 被拒绝",
                "the token of another time is refused",
            ),
            Refused,
            |bench| {
                let before =
                    crate::clock::wire_time(bench.clock.now() - std::time::Duration::from_secs(30));
                let token = bench.setting.signer.token(&before);
                sound(bench).with("token", token)
            },
        ),
        probe(
            "T-6.other-secret",
            Must,
            (
                "用错误 appSecret 算出的 token 被拒绝",
                "the token of another secret is refused",
            ),
            Refused,
            |bench| {
                let signer = Signer {
                    secret: "not-the-secret".into(),
                    ..bench.setting.signer.clone()
                };
                signed(bench, &bench.setting.lot, &signer)
            },
        ),
    ]
}

fn foreign() -> Vec<Case> {
    vec![
        probe(
            "T-6.unknown-lot",
            Must,
            ("未知停车场被拒绝", "an unknown lot is refused"),
            Refused,
            |bench| signed(bench, "no-such-lot", &bench.setting.signer),
        ),
        probe(
            "T-6.other-supplier",
            Must,
            (
                "别的供应商的凭据不能用于本停车场",
                "another supplier's credentials do not do for this lot",
            ),
            Refused,
            |bench| {
                let other = other(bench);
                signed(bench, &bench.setting.lot, &other.signer)
            },
        )
        .needing(OTHER),
        probe(
            "T-6.other-lot",
            Must,
            (
                "本供应商的凭据不能用于别的停车场",
                "this supplier's credentials do not do for another lot",
            ),
            Refused,
            |bench| {
                let other = other(bench);
                signed(bench, &other.lot, &bench.setting.signer)
            },
        )
        .needing(OTHER),
    ]
}

fn signed(bench: &Bench, lot: &str, signer: &Signer) -> Draft {
    let (path, fields) = (sound_path(bench), sound_fields(bench));
    bench.draft_of(lot, signer, &bench.time(), path, fields)
}

fn other(bench: &Bench) -> OtherLot {
    bench.setting.other.clone().unwrap_or_else(|| OtherLot {
        lot: "no-such-lot".to_owned(),
        signer: bench.setting.signer.clone(),
    })
}
