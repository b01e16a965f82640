//! What the document of the interface says, in Chinese and in English.

mod schema;

use axum::http::StatusCode;

use crate::role::Need;

#[cfg(test)]
pub(super) use self::schema::each_property;
pub(super) use self::schema::{put_into, put_into_one};

/// The same in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

/// A language of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

/// What a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Lots,
    Gates,
    Records,
    Stays,
    Abnormalities,
    Plates,
    Decisions,
    Registry,
    Users,
    Events,
    Interface,
}

impl Text {
    pub(super) fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

impl Tag {
    /// In the order of the document.
    pub(super) const ALL: [Tag; 11] = [
        Tag::Lots,
        Tag::Gates,
        Tag::Records,
        Tag::Stays,
        Tag::Abnormalities,
        Tag::Plates,
        Tag::Decisions,
        Tag::Registry,
        Tag::Users,
        Tag::Events,
        Tag::Interface,
    ];

    pub(super) fn text(self) -> Text {
        match self {
            Tag::Lots => text("车场", "Lots"),
            Tag::Gates => text("开闸与显示", "Gates and displays"),
            Tag::Records => text("记录", "Records"),
            Tag::Stays => text("停车与场内车辆", "Stays and occupancy"),
            Tag::Abnormalities => text("异常", "Abnormalities"),
            Tag::Plates => text("许可与黑名单", "Permits and blocks"),
            Tag::Decisions => text("放行判断", "Decisions"),
            Tag::Registry => text("供应商与车场登记", "Registry"),
            Tag::Users => text("用户与密钥", "Users and keys"),
            Tag::Events => text("事件与推送", "Events and webhooks"),
            Tag::Interface => text("接口本身", "The interface itself"),
        }
    }
}

const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

pub(super) const TITLE: Text = text(
    "泊时易平台 · 操作接口",
    "boshi platform · operators' interface",
);

pub(super) const INTRODUCTION: Text = text(
    "时间均为北京时间。列表从新到旧，每页至多 200 条，`next` 不为空时作为 `before` 取下一页；\
     每个列表都可以加 `/export` 导出为 CSV。错误的应答是 `{\"error\": 说明, \"field\": 字段}`。",
    "Times are China Standard Time. Lists are newest first, 200 rows a page at most; a `next` that is \
     not null is given as `before` for the page after. Every list can be exported as CSV by adding \
     `/export`. An error is `{\"error\": what is wrong, \"field\": where}`.",
);

pub(super) const KEY: Text = text(
    "`data/operator.key` 中的密钥（管理员），或用户登录后得到的、管理员为工具发放的密钥",
    "The key in `data/operator.key` (an administrator's), or one that a user got by logging in, or \
     that an administrator gave to a tool",
);

pub(super) const DONE: Text = text("完成", "Done");

/// What is answered as a table, not page by page.
pub(super) fn as_table(list: Text, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{}，导出为 CSV", list.zh),
        Lang::En => format!("{}, as a table (CSV)", list.en),
    }
}

pub(super) const TABLE: Text = text(
    "UTF-8 编码的 CSV，第一行是列名（* 必填）：",
    "CSV in UTF-8; the first line names the columns (* required): ",
);

/// Who may do what needs this.
pub(super) fn needed(need: Need) -> Text {
    match need {
        Need::Look => text(
            "所有角色；车场用户只能看到自己的车场。",
            "Every role; who is bound to lots sees only those.",
        ),
        Need::Act => text(
            "操作员、管理员，以及自己车场的车场用户。",
            "Operators, administrators, and who is bound to the lot.",
        ),
        Need::Administer => text("仅管理员。", "Administrators only."),
    }
}

/// What an error means.
pub(super) fn error(status: StatusCode) -> Text {
    match status {
        StatusCode::BAD_REQUEST => text(
            "请求有误，`field` 指出字段",
            "The request is wrong; `field` says where",
        ),
        StatusCode::UNAUTHORIZED => text(
            "没有密钥、密钥不符或密码错误",
            "No key, or a key or password that is not known",
        ),
        StatusCode::FORBIDDEN => text(
            "角色不允许、不是自己的车场，或必须先修改密码",
            "Not for this role or this lot, or the password must be changed first",
        ),
        StatusCode::NOT_FOUND => text("没有此对象", "There is no such thing"),
        StatusCode::CONFLICT => text("目前不能这样做", "Not as things are now"),
        StatusCode::PAYLOAD_TOO_LARGE => text("请求体过大", "The body is too large"),
        StatusCode::TOO_MANY_REQUESTS => text("过于频繁，请稍后再试", "Too often; try again later"),
        _ => text(
            "平台暂时无法完成，请稍后再试",
            "The platform cannot do it now; try again later",
        ),
    }
}

/// What fields are for, by their names, a line each. Where a name means something else in one type,
/// that stands as `Type.name`.
const FIELDS: &str = include_str!("words/fields.tsv");

/// Every line of the table below its heading.
pub(super) fn fields() -> impl Iterator<Item = (&'static str, Text)> {
    FIELDS.lines().skip(1).filter_map(|line| {
        let (name, told) = line.split_once('\t')?;
        let (zh, en) = told.split_once('\t')?;
        Some((name, text(zh, en)))
    })
}

/// What a field of that name is for.
pub(super) fn of(name: &str) -> Text {
    let found = fields().find(|(known, _)| *known == name);
    found.map_or(text("", ""), |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_a_field_and_says_it_in_both_languages() {
        assert_eq!(FIELDS.lines().next(), Some("field\t中文\tEnglish"));
        assert_eq!(fields().count(), FIELDS.lines().count() - 1);
        for line in FIELDS.lines() {
            let columns: Vec<_> = line.split('\t').collect();
            let whole = columns.iter().all(|column| !column.trim().is_empty());
            assert!(columns.len() == 3 && whole, "{line}");
        }
    }
}
