//! The application protocols that a client offers in its hello (ALPN, RFC 7301).

use serde::{Serialize, Serializer};

/// The protocols that a client offers to speak, in its order. Those that are kept are printable ASCII without spaces, so that
/// one text holds them all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Alpn(Option<Box<str>>);

impl Alpn {
    /// The empty list.
    pub const NONE: Self = Self(None);

    /// Whether none was offered.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All protocols in one text, which [`Self::of_text`] turns back; `None` if none was offered.
    pub(crate) fn into_text(self) -> Option<Box<str>> {
        self.0
    }

    /// The list that [`Self::into_text`] turned into this text.
    pub(crate) const fn of_text(text: Option<Box<str>>) -> Self {
        Self(text)
    }

    /// The protocols, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|protocols| protocols.split(' '))
    }
}

impl<'a> FromIterator<&'a str> for Alpn {
    fn from_iter<I: IntoIterator<Item = &'a str>>(protocols: I) -> Self {
        let mut text = String::with_capacity(24);
        for protocol in protocols {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(protocol);
        }
        Self((!text.is_empty()).then(|| text.into()))
    }
}

impl Serialize for Alpn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// For a field that is written to be read again: the one text that is kept. Flow records show the list.
pub(super) mod text {
    use crate::name::alpn::Alpn;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::name) fn serialize<S: Serializer>(alpn: &Alpn, serializer: S) -> Result<S::Ok, S::Error> {
        alpn.0.serialize(serializer)
    }

    pub(in crate::name) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Alpn, D::Error> {
        Option::<Box<str>>::deserialize(deserializer).map(Alpn)
    }
}
