//! Whether the gateway does its work, and if not, what is wrong.

use super::view::Health;

/// What is not as it should be; nothing when the gateway is ready.
pub(super) fn reasons(health: &Health<'_>) -> Vec<String> {
    let journal = (!health.journal).then(|| "本地记录库无法写入".to_owned());
    let lots = health
        .lots
        .iter()
        .filter_map(|(lot, unwritten)| match unwritten {
            None => Some(format!("车场 {lot}：不接收输入")),
            Some(0) => None,
            Some(entries) => Some(format!("车场 {lot}：{entries} 条记录未能写入磁盘")),
        });
    journal.into_iter().chain(lots).collect()
}

#[cfg(test)]
mod tests {
    use boshi_protocol::id::LotId;

    use super::*;

    #[test]
    fn what_is_not_ready_is_named() {
        let (one, two) = (LotId::new("L1").unwrap(), LotId::new("L2").unwrap());
        let well = Health {
            journal: true,
            lots: vec![(&one, Some(0)), (&two, Some(0))],
        };
        assert!(reasons(&well).is_empty());
        let ill = Health {
            journal: false,
            lots: vec![(&one, None), (&two, Some(3))],
        };
        assert_eq!(
            reasons(&ill),
            [
                "本地记录库无法写入",
                "车场 L1：不接收输入",
                "车场 L2：3 条记录未能写入磁盘"
            ]
        );
    }
}
