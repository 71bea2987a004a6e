//! What the user wants of pictures.

/// What the user wants of pictures.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Look {
    /// One map per app, not one of everything.
    pub small_multiples: bool,
    /// What stands above; ours where there is none.
    pub title: Option<String>,
    /// What the user has to say below.
    pub note: Option<String>,
    /// Seconds after which the same is written anew while a capture goes on; none where nothing follows.
    pub every: Option<u64>,
}
