//! What the document of the interface says, in Chinese and in English.

use axum::http::StatusCode;
use serde_json::Value;

use crate::role::Need;

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

/// What fields are for, by their names. Where a name means something else in one type, that stands
/// as `Type.name`.
pub(super) const NAMES: &[(&str, Text)] = &[
    ("lot", text("车场编号", "The lot")),
    (
        "lots",
        text(
            "车场编号，以逗号分隔；空为所有车场",
            "Lots, A,B; of every lot when there are none",
        ),
    ),
    (
        "device",
        text(
            "设备编号（车道以识别器编号表示）",
            "The device; a lane is told by its recognizer",
        ),
    ),
    (
        "lanes",
        text(
            "车道的识别器编号，以逗号分隔；空为所有车道",
            "The recognizers of lanes, A,B; every lane when there are none",
        ),
    ),
    ("plate", text("车牌号", "The plate")),
    (
        "uuid",
        text("识别记录的编号", "The uuid of the recognition"),
    ),
    ("id", text("标识", "The id")),
    ("name", text("名称", "The name")),
    (
        "app_id",
        text("供应商的 appId", "The appId of the supplier"),
    ),
    (
        "supplier",
        text("供应商的 appId", "The appId of the supplier"),
    ),
    ("reason", text("原因", "Why")),
    ("code", text("代码", "The code")),
    (
        "by",
        text(
            "操作人；省略时为密钥的用户",
            "Who acts; whoever holds the key when not given",
        ),
    ),
    ("kind", text("许可类型", "The kind of permit")),
    ("from", text("起（含）", "From when")),
    ("to", text("止（不含）", "Until when")),
    (
        "hours",
        text(
            "每周时段，如 1-5 08:00-18:00",
            "When within a week, as 1-5 08:00-18:00",
        ),
    ),
    ("note", text("备注", "A note")),
    ("pass", text("是否放行", "Whether it may pass")),
    ("crossed", text("是否已过闸", "Whether it has crossed")),
    (
        "direction",
        text("进（entry）或出（exit）", "Which way it went"),
    ),
    ("state", text("状态", "The state")),
    ("what", text("命令", "What was to be done")),
    ("act", text("操作", "What was done")),
    ("target", text("对象", "What it was done to")),
    (
        "limit",
        text("每页条数，缺省 50", "Rows a page, 50 when not given"),
    ),
    (
        "before",
        text("上一页的 next", "The next of the page before"),
    ),
    (
        "next",
        text(
            "下一页从此处继续；空表示没有更多",
            "To be given as before for the page after; null at the end",
        ),
    ),
    ("items", text("列表", "The list")),
    (
        "dry_run",
        text("只检查，不写入", "Only check, write nothing"),
    ),
    ("day", text("日期（北京时间）", "The day, in China")),
    (
        "lines",
        text("显示的文字，一项一行", "The text, an entry a line"),
    ),
    ("vehicles", text("场内车辆数", "How many vehicles")),
    ("label", text("用途", "What it is for")),
    ("role", text("角色", "The role")),
    (
        "reset",
        text(
            "重新生成初始密码，原密码和密钥失效",
            "Make a new first password; what was before is over",
        ),
    ),
    (
        "forget_previous",
        text(
            "更换后的旧 appSecret 立即失效",
            "The secret before the present one is no longer valid",
        ),
    ),
    ("password", text("密码", "The password")),
    ("new_password", text("新密码", "The new password")),
    (
        "secret",
        text("密钥，只显示这一次", "The secret, told this once"),
    ),
    ("status", text("车位状态", "How the space is")),
    ("place", text("车位编号", "The space")),
    ("lang", text("文档语言", "The language of the document")),
    ("error", text("说明", "What is wrong")),
    ("field", text("有误的字段", "The field that is wrong")),
    ("recognized_at", text("识别时间", "When it was recognized")),
    ("color", text("车牌颜色", "The plate's colour")),
    (
        "reliability",
        text(
            "可信度（百分比）",
            "How sure the recognizer was, in per cent",
        ),
    ),
    ("image", text("图片地址", "The picture")),
    ("pushed", text("由车场推送", "Whether the lot pushed it")),
    ("fetched", text("由平台补取", "Whether it was fetched")),
    ("crossed_at", text("过闸时间", "When it crossed")),
    (
        "corrected",
        text("更正后的车牌", "The plate that a person says it was"),
    ),
    ("in_at", text("入场时间", "When it came in")),
    ("in_device", text("入场设备", "Where it came in")),
    ("in_image", text("入场图片", "The picture of the entry")),
    ("out_uuid", text("出场识别编号", "The uuid of the exit")),
    ("out_at", text("出场时间", "When it left")),
    ("out_device", text("出场设备", "Where it left")),
    ("out_image", text("出场图片", "The picture of the exit")),
    (
        "superseded_by",
        text("被哪次入场取代", "The entry that came before an exit did"),
    ),
    ("number", text("序号", "The number")),
    ("was", text("更正前的车牌", "The plate before")),
    ("corrected_at", text("更正时间", "When it was corrected")),
    ("at", text("时间", "When")),
    ("received_at", text("收到时间", "When it was received")),
    ("msg", text("内容", "What it says")),
    ("acknowledged_by", text("确认人", "Who acknowledged it")),
    ("acknowledged_at", text("确认时间", "When that was")),
    ("cleared_by", text("解除人", "Who cleared it")),
    ("cleared_at", text("解除时间", "When that was")),
    ("decided_at", text("判断时间", "When it was decided")),
    ("facts", text("判断依据", "What it rested on")),
    ("text", text("显示的文字", "The text")),
    ("alignment", text("对齐方式", "How it is aligned")),
    ("asked_at", text("下发时间", "When it was given")),
    (
        "said",
        text(
            "车场的应答，或结果不明的原因",
            "What the lot said, or why nobody knows",
        ),
    ),
    ("done_at", text("完成时间", "When it ended")),
    ("since", text("自", "Since when")),
    ("until", text("至", "Until when")),
    ("key", text("密钥，只显示这一次", "The key, told this once")),
    ("user", text("用户", "The user")),
    ("made_at", text("发放时间", "When it was made")),
    (
        "must_change",
        text(
            "必须先修改密码",
            "Whether the password must be changed first",
        ),
    ),
    ("removed", text("已删除", "What, or how many, was removed")),
    ("retired", text("已停用", "What was retired")),
    (
        "changed",
        text("密码已修改的用户", "Whose password was changed"),
    ),
    (
        "source",
        text(
            "来源：配置文件（config）或登记（registry）",
            "Whose entry it is: the configuration file's or the registry's",
        ),
    ),
    (
        "rotating",
        text(
            "上一个 appSecret 是否仍有效",
            "Whether the secret before the present one is still valid",
        ),
    ),
    ("base_url", text("车场网关地址", "Where its gateway is")),
    (
        "ca_pem",
        text(
            "证书颁发机构（PEM）",
            "The authority of its certificate, PEM",
        ),
    ),
    (
        "connect_ms",
        text(
            "连接时限（毫秒）",
            "Longest that a connection may take, in milliseconds",
        ),
    ),
    (
        "entry",
        text("临时车入场：放行或拒绝", "For unknown vehicles that enter"),
    ),
    (
        "exit",
        text("临时车出场：放行或拒绝", "For unknown vehicles that leave"),
    ),
    (
        "capacity",
        text(
            "车位数；空为不限",
            "Vehicles that it holds; no bound when null",
        ),
    ),
    (
        "free_minutes",
        text(
            "入场后免费时长（分钟）",
            "Minutes in which a vehicle leaves without having paid",
        ),
    ),
    ("external", text("外部系统", "Another system")),
    ("recognizer", text("车牌识别器编号", "The plate recognizer")),
    ("display", text("显示屏编号", "The display")),
    ("url", text("地址", "Where it is")),
    (
        "deadline_ms",
        text("应答时限（毫秒）", "How long it may take, in milliseconds"),
    ),
    (
        "fallback",
        text("没有应答时", "What is done when it says nothing"),
    ),
    ("online", text("是否在线", "Whether it answers")),
    ("last_heard", text("最近应答时间", "When it last answered")),
    ("outage_since", text("断线时间", "Since when it does not")),
    (
        "fault",
        text("最近一次心跳失败的原因", "Why the last heartbeat failed"),
    ),
    (
        "skew_seconds",
        text("车场时钟快多少秒", "By how many seconds its clock is ahead"),
    ),
    (
        "skew_alarm",
        text("时钟差是否过大", "Whether that is too much"),
    ),
    (
        "reconciled",
        text("最近一次补取", "The last pass that fetched what was missed"),
    ),
    ("began", text("开始时间", "When it began")),
    ("recognitions", text("识别", "Recognitions")),
    ("crossings", text("过闸", "Crossings")),
    ("new", text("其中新增", "How many are new")),
    ("unreadable", text("无法读取", "How many could not be read")),
    ("works", text("是否正常", "Whether it works")),
    (
        "steps",
        text("逐项结果", "What was tried or asked, in order"),
    ),
    ("step", text("项目", "What was tried")),
    ("found", text("结果", "What was found")),
    ("rule", text("规则", "The rule")),
    ("decides", text("是否由此决定", "Whether that decided")),
    (
        "blocked",
        text("列入黑名单的原因", "Why the plate is blocked"),
    ),
    ("permits", text("许可", "Permits")),
    ("inside", text("场内车辆数", "Vehicles in the lot")),
    ("entered", text("入场时间", "Since when it is in the lot")),
    (
        "executed",
        text("是否全部执行", "Whether every gate did it"),
    ),
    ("imported", text("已导入行数", "How many were taken")),
    ("wrong", text("有误行数", "How many cannot be taken")),
    ("errors", text("有误的行", "What is wrong, line by line")),
    ("line", text("行号", "The line")),
    ("base", text("人工清点的车辆数", "What a person counted")),
    (
        "moved",
        text("此后入场减出场", "Entries less exits since then"),
    ),
    ("total", text("总数", "How many")),
    ("cut", text("是否还有未列出的", "Whether there are more")),
    (
        "distance",
        text("差异程度，0 为相同", "How far it is from the same plate"),
    ),
    (
        "seen",
        text("应有记录", "Vehicles of which anything is here"),
    ),
    (
        "missing",
        text("缺失记录", "Crossings without a recognition"),
    ),
    ("complete", text("是否完整", "Whether nothing is missing")),
    ("allowed", text("放行车辆", "Recognitions that may pass")),
    (
        "allowed_not_crossed",
        text("放行但未过闸", "Those that have not crossed"),
    ),
    (
        "refused_but_crossed",
        text("拒绝但已过闸", "Crossings of refused vehicles"),
    ),
    (
        "missing_uuids",
        text("缺失记录的编号", "The missing, by uuid"),
    ),
    (
        "refused_but_crossed_uuids",
        text("拒绝但已过闸的编号", "Those, by uuid"),
    ),
    (
        "reconciled_at",
        text("最近一次成功补取", "When the last good pass began"),
    ),
    ("lots_online", text("在线车场", "Lots that answer")),
    (
        "refused",
        text("曾被拒绝的识别", "Recognitions that were ever refused"),
    ),
    ("abnormalities", text("异常", "Abnormalities")),
    ("outages", text("断线", "Outages")),
    ("commands", text("命令", "Commands")),
    (
        "commands_unknown",
        text("结果未知的命令", "Commands of which nobody knows"),
    ),
    ("blocks", text("黑名单", "Blocked plates")),
    (
        "after",
        text("从此事件之后开始", "The event after which to begin"),
    ),
    (
        "plain",
        text("允许不加密的 http 地址", "It may be reached without TLS"),
    ),
    (
        "kinds",
        text(
            "事件种类或种类的前一半，以逗号分隔；空为全部",
            "Kinds of events or their families, A,B; all when there are none",
        ),
    ),
    ("enabled", text("是否推送", "Whether anything is sent")),
    (
        "behind",
        text("尚未检查的事件", "Events that were not looked at yet"),
    ),
    (
        "waiting",
        text(
            "等待推送的事件",
            "Events that wait to be sent, or sent again",
        ),
    ),
    (
        "given_up",
        text(
            "放弃的事件，可重新推送",
            "Events that were given up, and can be sent again",
        ),
    ),
    (
        "failing_since",
        text(
            "自何时起没有一次送达",
            "Since when no attempt has succeeded",
        ),
    ),
    (
        "why",
        text("平台停止推送的原因", "Why the platform has stopped sending"),
    ),
    ("event", text("事件的 id", "The id of the event")),
    ("attempt", text("第几次", "The how manieth attempt")),
    ("delivered", text("是否送达", "Whether it was taken")),
    (
        "millis",
        text("用时（毫秒）", "How long it took, in milliseconds"),
    ),
    (
        "resent",
        text("重新推送的事件数", "How many events are sent again"),
    ),
    (
        "Attempt.status",
        text(
            "HTTP 状态；空为没有应答",
            "The HTTP status; null without an answer",
        ),
    ),
    (
        "Attempt.said",
        text(
            "应答的开头，或没有应答的原因",
            "How the answer began, or why there was none",
        ),
    ),
    ("Attempt.kind", text("事件种类", "The kind of the event")),
    (
        "Tested.status",
        text(
            "HTTP 状态；空为没有应答",
            "The HTTP status; null without an answer",
        ),
    ),
    (
        "Tested.said",
        text(
            "应答的开头，或没有应答的原因",
            "How the answer began, or why there was none",
        ),
    ),
    (
        "Webhook.rotating",
        text(
            "是否也用旧密钥签名",
            "Whether the secret before the present one signs as well",
        ),
    ),
    ("both", text("推送且补取", "How many came both ways")),
    (
        "Stay.corrected",
        text(
            "是否有人更正过车牌",
            "Whether a person has said what a plate was",
        ),
    ),
    (
        "Stay.uuid",
        text(
            "入场（或无入场的出场）识别编号",
            "The uuid of the entry, or of an exit without one",
        ),
    ),
    ("Totals.lots", text("车场数", "How many lots")),
    ("LotEntry.lanes", text("车道", "Its lanes")),
    ("Entry.lanes", text("车道", "Its lanes")),
    (
        "Imported.lines",
        text("行数（不含表头）", "Lines beside the heading"),
    ),
    ("Imported.line", text("行号", "The line")),
    (
        "Facts.external",
        text("外部系统的应答", "What another system said"),
    ),
    (
        "Foreseen.external",
        text(
            "车场是否还会询问外部系统",
            "Whether the lot would ask another system",
        ),
    ),
    (
        "Place.image",
        text("图片（JPEG，base64）", "The picture, a JPEG in base64"),
    ),
    (
        "User.password",
        text(
            "初始密码，只显示这一次",
            "The first password, told this once",
        ),
    ),
    ("Candidate.uuid", text("停车记录编号", "The stay")),
    ("Entry.name", text("车场名称", "The lot's name")),
];

/// What a field of that name is for.
pub(super) fn of(name: &str) -> Text {
    let found = NAMES.iter().find(|(known, _)| *known == name);
    found.map_or(text("", ""), |(_, text)| *text)
}

/// Says of each property in `schemas` what it is for.
pub(super) fn put_into(schemas: &mut Value, lang: Lang) {
    let Value::Object(object) = schemas else {
        return;
    };
    for (name, schema) in object.iter_mut() {
        put_into_one(schema, name, lang);
    }
}

/// A type's own words, or the name's.
fn of_property(owner: &str, name: &str) -> Text {
    let own = NAMES.iter().find(|(known, _)| {
        let known = known.split_once('.');
        known == Some((owner, name))
    });
    own.map_or_else(|| of(name), |(_, text)| *text)
}

/// Says of each property of a type what it is for.
pub(super) fn put_into_one(schema: &mut Value, owner: &str, lang: Lang) {
    match schema {
        Value::Object(object) => {
            if lang == Lang::Zh && object.get("description").is_some_and(Value::is_string) {
                // What the code says of itself is English.
                object.remove("description");
            }
            for (name, value) in object.iter_mut() {
                match (name.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        for (name, property) in properties {
                            put_into_one(property, owner, lang);
                            say(property, of_property(owner, name).of(lang));
                        }
                    }
                    (_, value) => put_into_one(value, owner, lang),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                put_into_one(value, owner, lang);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Says it unless the code has said something more exact.
fn say(property: &mut Value, text: &'static str) {
    if text.is_empty() {
        return;
    }
    if property == &Value::Bool(true) {
        *property = serde_json::json!({});
    }
    if let Value::Object(property) = property {
        property.entry("description").or_insert_with(|| text.into());
    }
}

/// Calls `found` with each property in `value`, told as `Type.name` where the type is known.
#[cfg(test)]
pub(super) fn each_property(value: &Value, found: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if let ("properties", Value::Object(properties)) = (name.as_str(), value) {
                    for (name, property) in properties {
                        found(name, property);
                    }
                }
                each_property(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| each_property(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
