//! The rules of the crate, driven by what was said: each fact as the command that carries it, decided and applied.

use std::collections::HashSet;

use consent_domain::grant::{Grant, GrantError};
use consent_domain::sync::Mode;
use consent_domain::sync_groups::GroupEntry;
use consent_domain::{
    Allowed, Choice, ConsentType, Decision, DepartedPolicy, DirectoryEntry, Moment, OptOutMode, PerPurpose, Settings, State,
    UnrecordedPeople, UserDefault, UserKind, erase_user, expire, grant, opt_group, opt_in, opt_out, revoke, switch, sync, sync_groups,
    tenant,
};
use vocabulary::{Address, TenantId, Timestamp, UserId};

use crate::facts::{self, Entry, Kind, Members, Said, Second, Switches, Type, Which};

#[derive(Clone)]
pub struct Suite {
    pub state: State,
    pub now: Second,
    ids: u64,
    erased: HashSet<facts::User>,
}

pub fn external(user: facts::User) -> String {
    format!("u{user}")
}

pub fn address(number: u16) -> Address {
    Address::parse(&format!("a{number}@contoso.example")).unwrap()
}

pub fn name(application: facts::Application) -> String {
    format!("app{application}")
}

pub fn each<T>(which: [T; 2]) -> PerPurpose<T> {
    let [analytics, graph] = which;
    PerPurpose { analytics, graph }
}

fn group(group: facts::Group) -> Box<str> {
    format!("g{group}").into()
}

impl Suite {
    pub fn starting(now: Second) -> Self {
        let settings = Settings {
            display_name: "Contoso".into(),
            domains: vec!["contoso.example".into()],
            data_window_days: 365,
            known_lists: Vec::new(),
            unrecorded_people: UnrecordedPeople::Hidden,
            region: "home".into(),
            user_default: UserDefault::In,
            departed: DepartedPolicy::Keep,
            create_time: Timestamp::from_seconds(now),
            position: 1,
        };
        let state = State::new(TenantId::parse("contoso").unwrap(), settings, [Box::from("home")].into());
        Self { state, now, ids: 0, erased: HashSet::new() }
    }

    fn moment(&self) -> Moment {
        Moment { position: self.state.position + 1, time: Timestamp::from_seconds(self.now) }
    }

    /// When something ends by itself next, if it is decided by then.
    pub fn due(&self, until: Second) -> Option<Second> {
        expire::due(&self.state).map(Timestamp::seconds).filter(|due| *due <= until)
    }

    pub fn expire(&mut self) -> Decision {
        let decision = expire::decide(&self.state, self.moment());
        self.state.apply(&decision);
        decision
    }

    /// Decides and applies. A command about somebody or something unknown is refused by whoever looks it up.
    pub fn hear(&mut self, said: &Said) -> Result<Decision, &'static str> {
        let decision = self.decide(said)?;
        self.state.apply(&decision);
        Ok(decision)
    }

    fn decide(&mut self, said: &Said) -> Result<Decision, &'static str> {
        let moment = self.moment();
        let state = &self.state;
        match said {
            Said::Region { allowed, by_operator: true } => {
                let region = if *allowed { state.settings.region.clone() } else { format!("elsewhere-{}", moment.position).into() };
                self.state.allowed_regions = [region].into();
                Ok(expire::decide(&self.state, moment))
            }
            Said::Region { allowed, .. } => {
                let region = if *allowed { state.allowed_regions[0].clone() } else { format!("nowhere-{}", moment.position).into() };
                self.update(tenant::Update { region: Some(region), ..Default::default() })
            }
            Said::UserDefault { opted_in } => {
                let user_default = Some(if *opted_in { UserDefault::In } else { UserDefault::Out });
                self.update(tenant::Update { user_default, ..Default::default() })
            }
            Said::DepartedPolicy { erase } => {
                let departed = Some(if *erase { DepartedPolicy::Erase } else { DepartedPolicy::Keep });
                self.update(tenant::Update { departed, ..Default::default() })
            }
            Said::Application { application, switches } => {
                let wanted = as_application(*application, switches);
                if state.applications.contains_key(&*wanted.id) {
                    switch::update(state, wanted, None, moment).map_err(|_| "application")
                } else {
                    switch::register(state, wanted, moment).map_err(|_| "application")
                }
            }
            Said::Granted { of, purposes, expires } => {
                grant::decide(state, &as_grant(*of, *purposes, *expires), moment).map_err(|why| match why {
                    GrantError::Expired => "expired",
                    GrantError::WouldWithdraw => "would withdraw",
                })
            }
            Said::Revoked => {
                let revoke = revoke::Revoke { expected: None, allowed: Allowed::Any };
                revoke::decide(state, &revoke, moment).map_err(|_| "not granted")
            }
            Said::GroupOut { group: id, purposes, future_only } => {
                let mode = if *future_only { OptOutMode::FutureOnly } else { OptOutMode::EraseHistory };
                opt_group::out(state, &group(*id), each(*purposes), mode, Allowed::Any, moment).map_err(|_| "no group")
            }
            Said::GroupIn { group: id, purposes } => {
                opt_group::back_in(state, &group(*id), each(*purposes), moment).map_err(|_| "no group")
            }
            Said::UserOut { user, purposes } => {
                let user = state.directory.of_external_id(&external(*user)).ok_or("no user")?;
                Ok(opt_out::decide(state, user, each(*purposes), moment))
            }
            Said::UserIn { user, purposes } => {
                let user = state.directory.of_external_id(&external(*user)).ok_or("no user")?;
                Ok(opt_in::decide(state, user, each(*purposes), moment))
            }
            Said::Erased { user } => {
                let held = state.directory.of_external_id(&external(*user)).ok_or("no user")?;
                let decision = erase_user::decide(state, held, vec![u128::from(*user)], moment);
                self.erased.insert(*user);
                Ok(decision)
            }
            Said::Users { complete, entries } => Ok(self.sync(*complete, entries)),
            Said::Groups { complete, groups } => {
                let mode = if *complete { Mode::Full } else { Mode::Delta };
                let entries = (0..).zip(groups.iter().map(as_group)).collect();
                let synced = sync_groups::decide(state, mode, entries, &HashSet::new(), Allowed::Any, moment).unwrap();
                assert!(synced.refused.is_empty(), "{:?}", synced.refused);
                Ok(synced.decision)
            }
        }
    }

    fn update(&self, update: tenant::Update) -> Result<Decision, &'static str> {
        tenant::update(&self.state, &update, Allowed::Any, self.moment()).map_err(|_| "tenant")
    }

    /// Whoever was erased before comes back as somebody new, who is out.
    fn sync(&mut self, complete: bool, entries: &[Entry]) -> Decision {
        let mode = if complete { Mode::Full } else { Mode::Delta };
        let (mut ids, erased) = (self.ids, &self.erased);
        let newcomer = |entry: &DirectoryEntry| {
            ids += 1;
            let choice = if erased.iter().any(|user| *external(*user) == *entry.external_id) { Choice::Out } else { Choice::Unset };
            (UserId(ids), PerPurpose { analytics: choice, graph: choice })
        };
        let entries = (0..).zip(entries.iter().map(as_entry)).collect();
        let synced = sync::decide(&self.state, mode, entries, &HashSet::new(), Allowed::Any, newcomer, self.moment()).unwrap();
        assert!(synced.refused.is_empty(), "{:?}", synced.refused);
        self.ids = ids;
        synced.decision
    }
}

fn as_application(id: facts::Application, switches: &Switches) -> consent_domain::Application {
    consent_domain::Application {
        id: name(id).into(),
        display_name: "application".into(),
        feature: each(switches.features),
        feature_since: PerPurpose::default(),
        lapsed: PerPurpose::default(),
        mailbox_source: switches.mailboxes,
        roles: switches.roles.iter().map(|role| format!("r{role}").into()).collect(),
        position: 0,
    }
}

/// For both purposes it is a consolidated grant, which carries no expiry; for one a legacy grant.
fn as_grant(of: Type, purposes: Which, expires: Option<Second>) -> Grant {
    let consent_type = match of {
        Type::Own => ConsentType::OwnInsights,
        Type::Aggregated => ConsentType::AggregatedInsights,
        Type::Identifiable => ConsentType::IdentifiableInsights,
    };
    let until = expires.map(Timestamp::from_seconds);
    let legacy = match purposes {
        [true, true] => None,
        [analytics, _] => Some((crate::compare::purpose(if analytics { facts::Purpose::Analytics } else { facts::Purpose::Graph }), until)),
    };
    Grant { consent_type, legacy, legal_basis: "contract".into(), text_version: "1".into() }
}

fn as_entry(entry: &Entry) -> DirectoryEntry {
    DirectoryEntry {
        external_id: external(entry.user).into(),
        addresses: entry.addresses.iter().map(|number| address(*number)).collect(),
        display_name: "somebody".into(),
        kind: match entry.kind {
            Kind::Person => UserKind::Person,
            Kind::Guest => UserKind::Guest,
            Kind::Shared => UserKind::Shared,
        },
        roles: entry.roles.iter().map(|role| format!("r{role}").into()).collect(),
        department: "".into(),
    }
}

fn as_group(members: &Members) -> GroupEntry {
    GroupEntry {
        external_id: group(members.group),
        display_name: "".into(),
        members: members.users.iter().map(|user| external(*user).into()).collect(),
        groups: members.groups.iter().map(|inner| group(*inner)).collect(),
    }
}
