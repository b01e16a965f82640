//! Who may do what in the operators' interface. Pure.

use boshi_protocol::id::LotId;
use schemars::JsonSchema;
use serde::Serialize;

/// What a user is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks and acts, in every lot.
    Operator,
    /// Looks and acts, in lots of its own only.
    LotBound,
    /// Does everything, also with suppliers, lots and users.
    Administrator,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To look.
    Look,
    /// To act: on gates, records, permits.
    Act,
    /// To change who takes part.
    Administer,
}

/// Somebody, and where they may act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// What they are there for.
    pub role: Role,
    /// Their lots, when they are bound to some.
    pub lots: Vec<LotId>,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [
        Role::Viewer,
        Role::Operator,
        Role::LotBound,
        Role::Administrator,
    ];

    /// Reads the word of the operators' interface.
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// The word of the operators' interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::LotBound => "lot-bound",
            Role::Administrator => "administrator",
        }
    }
}

impl Rights {
    /// Whether they may do what needs this, as far as the role says.
    pub fn allow(&self, need: Need) -> bool {
        match (self.role, need) {
            (Role::Administrator, _) | (_, Need::Look) => true,
            (Role::Operator | Role::LotBound, Need::Act) => true,
            (Role::Viewer, Need::Act) => false,
            (Role::Viewer | Role::Operator | Role::LotBound, Need::Administer) => false,
        }
    }

    /// Whether they may look at and act on this lot.
    pub fn reach(&self, lot: &LotId) -> bool {
        self.role != Role::LotBound || self.lots.contains(lot)
    }

    /// Whether they may act on what is of these lots only; none means of every lot.
    pub fn reach_all(&self, lots: &[LotId]) -> bool {
        self.role != Role::LotBound || (!lots.is_empty() && lots.iter().all(|lot| self.reach(lot)))
    }

    /// The lots that they are bound to, if they are.
    pub fn bounds(&self) -> Option<&[LotId]> {
        (self.role == Role::LotBound).then_some(&self.lots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(role: Role) -> Rights {
        Rights {
            role,
            lots: vec![LotId::new("L1").unwrap()],
        }
    }

    #[test]
    fn each_role_may_do_what_it_is_there_for_and_nothing_beyond() {
        for (need, allowed) in [
            (Need::Look, [true, true, true, true]),
            (Need::Act, [false, true, true, true]),
            (Need::Administer, [false, false, false, true]),
        ] {
            let found = Role::ALL.map(|role| rights(role).allow(need));
            assert_eq!(found, allowed, "{need:?}");
        }
    }

    #[test]
    fn only_who_is_bound_to_lots_is_kept_from_others_and_from_what_is_of_every_lot() {
        let lots =
            |ids: &[&str]| -> Vec<LotId> { ids.iter().map(|id| LotId::new(id).unwrap()).collect() };
        for (ids, bound, free) in [
            (&["L1"][..], true, true),
            (&["L1", "L2"], false, true),
            (&[], false, true),
        ] {
            assert_eq!(
                rights(Role::LotBound).reach_all(&lots(ids)),
                bound,
                "{ids:?}"
            );
            assert_eq!(
                rights(Role::Operator).reach_all(&lots(ids)),
                free,
                "{ids:?}"
            );
        }
    }
}
