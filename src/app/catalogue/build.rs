//! From the entries of files to the indexes of the catalogue.

use super::file::{checked_countries, checked_country, checked_id, wrong};
use super::{Catalogue, Rule, SignatureTarget, Target};
use crate::app::domain::{Refusal, Strictness};
use crate::app::entry::{App, Basis, Domain, Network, Part, Service};
use crate::app::schema::{AppEntry, CatalogueFile, OperatorFile, SharedEntry};
use crate::app::signature::{Confidence as SignatureConfidence, SIGNATURES, Says};
use crate::error::Error;
use crate::place::Parents;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Catalogue {
    pub(super) fn build(layers: Vec<(Option<PathBuf>, CatalogueFile)>, operators: OperatorFile) -> Result<Self, Error> {
        let mut catalogue = Self { parents: Parents::embedded(), ..Self::default() };
        catalogue.reserve(&layers);
        // The last layer comes first: the first to claim a domain, package or AS keeps it, and an entry whose id was
        // seen before is skipped.
        for (file, layer) in layers.into_iter().rev() {
            let first_new = catalogue.apps.len() as u32;
            let mut ids = std::collections::BTreeSet::new();
            for entry in layer.app {
                checked_id(&entry.id, file.as_deref())?;
                if !ids.insert(entry.id.clone()) {
                    return Err(wrong(
                        file.as_deref(),
                        format!("app `{}` is there twice", entry.id),
                        "merge the entries",
                    ));
                }
                if !catalogue.ids.contains_key(&*entry.id) {
                    catalogue.add_app(entry, file.as_deref(), first_new)?;
                }
            }
            for entry in layer.shared {
                checked_id(&entry.id, file.as_deref())?;
                if !catalogue.services.iter().any(|service| *service.id == *entry.id) {
                    catalogue.add_service(entry, file.as_deref(), first_new)?;
                }
            }
        }
        for entry in operators.operator {
            let group = entry.group.unwrap_or_else(|| entry.name.clone()).into();
            let network = Arc::new(Network { name: entry.name.into(), group, kind: entry.kind.into() });
            for asn in entry.asns {
                catalogue.networks.insert(asn, Arc::clone(&network));
            }
        }
        catalogue.index_operators();
        catalogue.index_signatures();
        Ok(catalogue)
    }

    /// Makes room for all entries of these layers, because tables that grow step by step waste memory at each step.
    fn reserve(&mut self, layers: &[(Option<PathBuf>, CatalogueFile)]) {
        let apps = || layers.iter().flat_map(|(_, layer)| &layer.app);
        let shared = || layers.iter().flat_map(|(_, layer)| &layer.shared);
        let of_app = |app: &AppEntry| {
            [&app.domains, &app.domains_parent_only, &app.domains_unverified].map(Vec::len).iter().sum::<usize>()
        };
        let of_service = |service: &SharedEntry| service.domains.len() + service.domains_unverified.len();
        let rules = apps().map(of_app).chain(shared().map(of_service)).sum();
        self.rules.reserve_exact(rules);
        self.index.reserve(rules);
        self.apps.reserve_exact(apps().count());
        self.services.reserve_exact(shared().count());
        let owners = |app: &AppEntry| app.android_packages.len() + app.bundle_ids.len() + app.process_names.len();
        self.owners.reserve(apps().map(owners).sum());
    }

    fn add_app(&mut self, entry: AppEntry, file: Option<&Path>, first_new: u32) -> Result<(), Error> {
        let jurisdiction = checked_country(entry.jurisdiction.as_deref(), &entry.id, file)?;
        let also = checked_countries(&entry.also, &entry.id, file)?;
        let mut parts = Vec::with_capacity(entry.part.len());
        for part in &entry.part {
            parts.push(Part {
                domains: part.domains.iter().map(|domain| domain.as_str().into()).collect(),
                operator: part.operator.as_str().into(),
                jurisdiction: checked_country(Some(&part.jurisdiction), &entry.id, file)?,
                also: checked_countries(&part.also, &entry.id, file)?,
                jurisdiction_source: self.parents.source(part.parent.as_ref().unwrap_or(&part.operator)).into(),
            });
        }
        let number = self.apps.len() as u32;
        let mut domains = Vec::new();
        for (list, basis) in [
            (&entry.domains, Basis::Listed),
            (&entry.domains_parent_only, Basis::ParentOnly),
            (&entry.domains_unverified, Basis::Unverified),
        ] {
            let basis = if file.is_some() { Basis::User } else { basis };
            for pattern in list {
                self.add_rule(pattern, Target::App(number), basis, first_new, file)?;
                domains.push(Domain { pattern: pattern.as_str().into(), basis });
            }
        }
        domains.sort_by(|a, b| a.pattern.cmp(&b.pattern));
        for (kind, keys) in
            [("package", &entry.android_packages), ("bundle", &entry.bundle_ids), ("process", &entry.process_names)]
        {
            for key in keys {
                let text = || (number, Arc::from(format!("{kind} {key}")));
                self.owners.entry(key.to_ascii_lowercase().into()).or_insert_with(text);
            }
        }
        let name = entry.name.unwrap_or_else(|| entry.id.clone());
        let developer = entry.developer.unwrap_or_else(|| name.clone());
        let group = entry.group.unwrap_or_else(|| developer.clone());
        let jurisdiction_source = jurisdiction.map(|_| match file {
            Some(_) => "your file".to_owned(),
            None => self.parents.source(entry.parent.as_ref().unwrap_or(&group)),
        });
        let id: Arc<str> = entry.id.into();
        self.ids.insert(Arc::clone(&id), number);
        self.apps.push(App {
            id,
            name: name.into(),
            group: group.into(),
            operator: entry.operator.map(Into::into),
            developer: developer.into(),
            jurisdiction,
            also,
            jurisdiction_source: jurisdiction_source.map(Into::into),
            parts,
            category: entry.category.into(),
            domains,
            asns: entry.asns,
            android_packages: boxed(entry.android_packages),
            bundle_ids: boxed(entry.bundle_ids),
            process_names: boxed(entry.process_names),
            confidence: entry.confidence,
            source: entry.source.into(),
            notes: entry.notes.into(),
            file: file.map(Path::to_path_buf),
        });
        Ok(())
    }

    fn add_service(&mut self, entry: SharedEntry, file: Option<&Path>, first_new: u32) -> Result<(), Error> {
        let jurisdiction = checked_country(entry.jurisdiction.as_deref(), &entry.id, file)?;
        let also = checked_countries(&entry.also, &entry.id, file)?;
        let number = self.services.len() as u32;
        let mut domains = Vec::new();
        for (list, basis) in [(&entry.domains, Basis::Listed), (&entry.domains_unverified, Basis::Unverified)] {
            let basis = if file.is_some() { Basis::User } else { basis };
            for pattern in list {
                self.add_rule(pattern, Target::Service(number), basis, first_new, file)?;
                domains.push(Domain { pattern: pattern.as_str().into(), basis });
            }
        }
        domains.sort_by(|a, b| a.pattern.cmp(&b.pattern));
        let name = entry.name.unwrap_or_else(|| entry.id.clone());
        let operator = entry.operator.unwrap_or_else(|| name.clone());
        let group = entry.group.unwrap_or_else(|| operator.clone());
        let jurisdiction_source = match file {
            Some(_) => "your file".to_owned(),
            None => self.parents.source(&group),
        };
        self.services.push(Service {
            id: entry.id.into(),
            name: name.into(),
            group: group.into(),
            operator: operator.into(),
            jurisdiction,
            also,
            jurisdiction_source: jurisdiction_source.into(),
            kind: entry.kind,
            purpose: entry.purpose.into(),
            domains,
            apps: boxed(entry.apps),
            asns: entry.asns,
            confidence: entry.confidence,
            source: entry.source.into(),
            notes: entry.notes.into(),
        });
        Ok(())
    }

    fn add_rule(
        &mut self,
        pattern: &str,
        target: Target,
        basis: Basis,
        first_new: u32,
        file: Option<&Path>,
    ) -> Result<(), Error> {
        let strictness = if matches!(target, Target::App(_)) { Strictness::App } else { Strictness::Service };
        match self.index.insert(pattern, strictness, self.rules.len() as u32) {
            Ok(()) => {
                self.rules.push(Rule { target, text: Arc::from(format!("domain {pattern}")), basis });
                Ok(())
            }
            Err(Refusal::Wrong(what)) => {
                Err(wrong(file, format!("domain `{pattern}` {what}"), "see the forms at the top of data/apps.toml"))
            }
            Err(Refusal::Held(rule)) => match self.rules.get(rule as usize).map(|rule| (rule.target, rule.basis)) {
                // A file of higher precedence claims it, as it may.
                Some((Target::App(holder), _)) if holder < first_new => Ok(()),
                Some((Target::Service(_), Basis::User)) if basis != Basis::User => Ok(()),
                _ => Err(wrong(file, format!("domain `{pattern}` is there twice"), "a domain belongs to one entry")),
            },
        }
    }

    /// An AS is evidence for an app only where that app alone claims it and no shared service runs there.
    fn index_operators(&mut self) {
        let mut claims: std::collections::BTreeMap<u32, Option<u32>> = std::collections::BTreeMap::new();
        for (number, app) in (0u32..).zip(&self.apps) {
            for &asn in &app.asns {
                claims
                    .entry(asn)
                    .and_modify(|claim| {
                        // The user's entries take precedence over the embedded ones.
                        let by_user =
                            claim.and_then(|first| self.apps.get(first as usize)).is_some_and(|a| a.file.is_some());
                        if !(by_user && app.file.is_none()) {
                            *claim = None;
                        }
                    })
                    .or_insert(Some(number));
            }
        }
        let is_shared = |asn: u32| {
            self.services.iter().any(|service| service.asns.contains(&asn))
                || self.networks.get(&asn).is_some_and(|network| &*network.kind != "content")
        };
        for (asn, claim) in claims {
            let by_user = claim.and_then(|number| self.apps.get(number as usize)).is_some_and(|app| app.file.is_some());
            if let Some(number) = claim
                && (by_user || !is_shared(asn))
            {
                self.operators.insert(asn, (number, Arc::from(format!("AS{asn} (weak)"))));
            }
        }
    }

    fn index_signatures(&mut self) {
        self.signatures = SIGNATURES
            .iter()
            .map(|signature| match signature.says {
                Says::App(id) => self.app(id).map_or(SignatureTarget::None, |app| {
                    let text = |confidence: SignatureConfidence| {
                        Arc::from(match confidence {
                            SignatureConfidence::Certain => format!("signature {}", signature.name),
                            other => format!("signature {} ({})", signature.name, other.word()),
                        })
                    };
                    SignatureTarget::App(Arc::clone(&app.id), SignatureConfidence::ALL.map(text))
                }),
                Says::Platform(id) => self
                    .service(id)
                    .map_or(SignatureTarget::None, |service| SignatureTarget::Service(Arc::clone(&service.id))),
            })
            .collect();
    }
}

fn boxed(list: Vec<String>) -> Vec<Box<str>> {
    list.into_iter().map(Into::into).collect()
}
