//! AS numbers of operators, by which signatures with weak marks are confirmed.

pub(super) const ALIBABA: &[u32] = &[37963, 45102, 45103, 45104, 24429, 134963];
/// Apple also announces what its own CDN serves.
pub(super) const APPLE: &[u32] = &[714, 6185];
pub(super) const AMAZON: &[u32] = &[16509, 14618];
pub(super) const GOOGLE: &[u32] = &[15169, 396982];
pub(super) const KAKAO: &[u32] = &[38099, 7625, 10158, 152199];
/// LINE's calls run in LY's network and, formerly, in NAVER's.
pub(super) const LINE: &[u32] = &[38631, 23576];
pub(super) const META: &[u32] = &[32934, 11917, 63293, 54115, 149642];
pub(super) const ROBLOX: &[u32] = &[11281, 22697];
pub(super) const TELEGRAM: &[u32] = &[62041, 62014, 59930, 44907, 211157];
pub(super) const TENCENT: &[u32] = &[45090, 132203, 133478, 139341];
pub(super) const ZOOM: &[u32] = &[30103];
