//! Readings and abnormalities.

use super::*;

/// Invariant 1: neither a barrier nor a loop knows of it.
#[test]
fn each_reading_that_is_lost_is_found_although_its_vehicle_never_crossed() {
    let lost = "was read 1 times and is 0 recognitions";
    let again = "was read 1 times and is 2 recognitions";
    let twice = |it: &mut Three| it.journal.recognitions.push(recognition("r2", 2));
    assert_found(vec![
        (lost, found(|it| it.journal.recognitions.clear())),
        (
            lost,
            found(|it| it.journal.recognitions[0].plate = Some("粤B99999".to_owned())),
        ),
        (again, found(twice)),
    ]);
    let told_again = |times: usize| {
        let history = Recognition {
            replayed: true,
            ..recognition("r2", 7)
        };
        found(|it| it.journal.recognitions.extend(vec![history; times]))
    };
    assert_eq!(told_again(1), Vec::<String>::new());
    assert_found(vec![("and is 3 recognitions", told_again(2))]);
    let mut killed = world();
    twice(&mut killed);
    let downs = vec![Down {
        from: at(3),
        until: at(4),
    }];
    let killed_meanwhile = Circumstances { downs, ..around() };
    assert!(Account::of(&killed, &killed_meanwhile).is_whole());
    let unnamed = |it: &mut Three| {
        it.journal.recognitions[0].plate = None;
        it.journal.crossings[0].plate = None;
    };
    assert_found(vec![(lost, found(unnamed))]);
    let mut let_through_unread = world();
    unnamed(&mut let_through_unread);
    let account = Account::of(&let_through_unread, &killed_meanwhile);
    assert!(account.is_whole(), "{:?}", account.wrong);
    let_through_unread.journal.recognitions.clear();
    let account = Account::of(&let_through_unread, &killed_meanwhile);
    assert!(!account.is_whole());
}

/// Invariant 1, PUSH-5, D-15, D-17
#[test]
fn each_abnormality_that_is_lost_or_invented_is_found_and_one_whose_answer_got_lost_may_be_two() {
    let another = kept_abnormal("别的！");
    assert_found(vec![
        (
            "is written down and not stored",
            found(|it| {
                it.journal.abnormalities[0].delivered = None;
                it.store.abnormalities.clear();
            }),
        ),
        (
            "is acknowledged and not stored",
            found(|it| it.store.abnormalities.clear()),
        ),
        (
            "is stored and never written down",
            found(|it| it.store.abnormalities.push(another)),
        ),
        (
            "is stored more often than it was tried",
            found(|it| it.store.abnormalities.extend_from_within(..)),
        ),
    ]);
    let tried_again = found(|it| {
        it.journal.abnormalities[0].attempts = 2;
        it.store.abnormalities.extend_from_within(..);
    });
    assert_eq!(tried_again, Vec::<String>::new());
    let lasts = |second: i64, stored: usize| {
        found(|it| {
            let delivered = Some(at(second));
            let again = Abnormality {
                delivered,
                ..abnormal("a2")
            };
            it.journal.abnormalities.push(again);
            let kept = it.store.abnormalities[0].clone();
            it.store.abnormalities = vec![kept; stored];
        })
    };
    assert_eq!(lasts(90, 2), Vec::<String>::new());
    assert_eq!(lasts(7, 1), Vec::<String>::new(), "the same bytes");
    assert_found(vec![("is acknowledged and not stored", lasts(90, 1))]);
}
