//! What the user wants of pictures, and what was asked for.

/// What the user wants of pictures, and what was asked for.
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
    /// The captures as they were given, for commands to run next; those of the report where they are not known.
    pub captures: Vec<String>,
    /// The options by which the report was made, each with its value, for commands to run next.
    pub asked: Vec<Vec<String>>,
}
