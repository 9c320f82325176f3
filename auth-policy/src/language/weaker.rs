//! Which way a value is weaker: what `cargo auth diff` calls a change of it. In: nothing. Out: the
//! direction of each key, which stands in the table beside what the key takes.
//!
//! To weaken is to let more happen: more callers, for longer, more often, with less proof. Where it
//! cannot be told which of two values does, a change is both, so that nobody has to approve less
//! than they should.

/// Which values of a key let more happen than others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weaker {
    /// The greater number, or the longer span of time.
    Greater,
    /// The smaller number, or the shorter span of time.
    Smaller,
    /// The list, or the map of foreign names, that has what the other has not.
    More,
    /// The list that lacks what the other has.
    Fewer,
    /// `true`.
    On,
    /// `false`.
    Off,
    /// The word that stands later, of all that the key takes: the strictest first.
    Last(&'static [&'static str]),
    /// The rate that lets more through, in the long run or at once.
    Faster,
    /// The buckets that are filled by fewer requests, or that are fewer.
    Finer,
    /// The blocks that hold an address which those of the other list do not.
    Addresses,
    /// No limit, or the name of one that lets more through.
    Limit,
    /// Any other value: whoever had to do with the old one is out, whoever has to do with the new
    /// one is in.
    Changed,
    /// None at all; and any other value, as for [`Changed`](Self::Changed).
    Unset,
    /// That it is there: a section or an entry that opens something.
    Present,
    /// That it is missing: an entry that bounds something.
    Absent,
    /// Neither: a section that counts with its defaults where it is missing.
    Inside,
    /// None: it decides nothing, or only what shows elsewhere.
    Neutral,
    /// Told by who may call what, never by what is written.
    Access,
    /// Told by the list it is in.
    Whole,
}
