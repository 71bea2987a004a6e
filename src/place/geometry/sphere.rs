//! Distances on a sphere of the mean radius of the earth (IUGG R1).

/// Mean radius of the earth (IUGG R1).
pub(super) const EARTH_KM: f64 = 6371.009;

/// The distance in km between two points, along the great circle.
pub(crate) fn between_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    angle(unit(from.0, from.1), unit(to.0, to.1)) * EARTH_KM
}

/// A direction from the centre of the earth, of length 1.
pub(super) type Vector = [f64; 3];

/// The direction of a point in degrees.
pub(super) fn unit(latitude: f64, longitude: f64) -> Vector {
    let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// The angle between two directions; exact for small ones too.
fn angle(a: Vector, b: Vector) -> f64 {
    length(cross(a, b)).atan2(dot(a, b))
}

/// From a point to a short stretch of a great circle.
pub(super) fn arc_distance(point: Vector, from: Vector, to: Vector) -> f64 {
    let ends = angle(point, from).min(angle(point, to));
    let normal = cross(from, to);
    let size = length(normal);
    if size < 1e-12 {
        return ends;
    }
    // the foot of the perpendicular lies between the ends if the point is on the inner side of both
    let is_between = dot(cross(normal, from), point) > 0.0 && dot(cross(to, normal), point) > 0.0;
    if is_between { (dot(point, normal) / size).clamp(-1.0, 1.0).asin().abs() } else { ends }
}
