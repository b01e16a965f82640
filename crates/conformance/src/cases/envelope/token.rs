//! The token: right, wrong, upper case, stale, of another lot (T-6).

use serde_json::json;

use crate::bench::{Bench, OtherLot};
use crate::case::Severity::{Must, Should};
use crate::case::{Case, Checked, Given, Need, Side, check};
use crate::cases::probe::Expect::Refused;
use crate::cases::probe::{
    abnormality, crossing, probe, recognition, sound, sound_fields, sound_path,
};
use crate::draft::{Draft, lines, object};
use crate::endpoint::{
    ABNORMAL, CROSSING, EXIT_PAYMENTS, FAILED_CROSSINGS, FAILED_RECOGNITIONS, HEARTBEAT, PLACES,
    PREPAYMENTS, RECOGNITION, SHOW, STAYS,
};
use crate::token::Signer;

/// Who has no other lot is not asked for one: such a case needs it.
const OTHER: &[Need] = &[Need::Given(Given::OtherLot)];

/// A token that nothing gives.
const WRONG: &str = "0123456789abcdef0123456789abcdef";

pub(super) fn cases(side: Side) -> Vec<Case> {
    let mut cases = wrong();
    cases.extend(foreign());
    cases.push(Case::new(
        "T-6.everywhere",
        Must,
        ("每个接口都核对 token", "every endpoint checks the token"),
        |bench| Box::pin(everywhere(bench)),
    ));
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
            |bench| sound(bench).with("token", WRONG),
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

/// Everything that is served beside the gate, which has a case of its own.
async fn everywhere(bench: &Bench) -> Checked {
    let (plate, device) = (
        &bench.setting.plates.allowed,
        &bench.setting.devices.display,
    );
    let begin = bench.time();
    let requests = match bench.setting.side {
        Side::Platform => vec![
            (RECOGNITION, recognition(bench, plate)),
            (CROSSING, crossing(bench, &bench.uuid(), plate)),
            (ABNORMAL, abnormality(bench)),
        ],
        Side::Supplier => {
            let query = object(json!({"beginTime": begin, "plateNumber": plate}));
            let text = lines(&[("测试", "left")]);
            vec![
                (HEARTBEAT, object(json!({}))),
                (SHOW, object(json!({"deviceNo": device, "msg": text}))),
                (PLACES, object(json!({}))),
                (FAILED_RECOGNITIONS, query.clone()),
                (FAILED_CROSSINGS, query.clone()),
                (STAYS, query.clone()),
                (EXIT_PAYMENTS, query.clone()),
                (PREPAYMENTS, query),
            ]
        }
    };
    for (path, own) in requests {
        let draft = bench.draft(path, own).with("token", WRONG);
        let reply = bench.send(&draft).await;
        check(reply.code().as_deref() != Some("0"), || {
            (
                format!("{path} 接受了错误的 token"),
                format!("{path} took a wrong token"),
            )
        })?;
    }
    Ok(())
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
