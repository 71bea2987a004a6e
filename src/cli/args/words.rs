//! `whither words`.

/// What the words of an answer mean.
pub(in crate::cli) const WORDS: &str = "\
What the words beside the figures mean

endpoint        where a connection ended, not where data ends up
sent, received  payload of flows that were answered, seen from the phone
confirmed       two independent sources agree, or the round trip leaves no other
reported        one source names the country
sources differ  several countries are named; each is possible
stale           the tables are more than three years from the capture
ruled out       no signal could have gone to that country and come back so fast
does not fit    the round trip is too short for the country; more is not said
registry only   the database repeats where the block is registered
unrouted        no network announces the address
anycast         many sites answer for one address
no answer       something was sent, and nothing came back
a person        a call to another person's device
unknown         nothing is known of the address
local, special  not on the public network: part of no share
law             of the country where the operator's parent has its head office

9-12 %          9 % for certain, and 12 % at most of what has a country
62 %            both ends meet
<= 7 %          nothing is confirmed, and sources differ
85 % reported   one source is all there is
no country      in no interval: what is missing from 100 % may be anywhere";
