//! `whither apps`: the catalogue.

use super::args::{AppsArgs, Args};
use super::end::End;
use super::{map, stdout};
use crate::app::Catalogue;
use crate::error::Error;
use crate::output::apps;

pub(super) fn run(args: &Args, given: &AppsArgs) -> Result<End, Error> {
    let catalogue = Catalogue::with_user(&given.apps)?;
    let style = map::style(args);
    let text = match &given.id {
        None if given.json => apps::json(catalogue.apps()),
        None => apps::list(&catalogue, catalogue.apps(), &style),
        Some(id) => match (catalogue.app(id), catalogue.find(id)) {
            (Some(app), _) if given.json => apps::json(std::iter::once(app)),
            (Some(app), _) => apps::entry(&catalogue, app, &style),
            (None, found) if found.is_empty() => {
                return Err(Error::usage(format!("no app matches {id:?}"), "`whither apps` lists them all"));
            }
            (None, found) if given.json => apps::json(found.into_iter()),
            (None, found) => apps::list(&catalogue, found.into_iter(), &style),
        },
    };
    stdout::write(text.as_bytes())?;
    Ok(End::Done)
}
