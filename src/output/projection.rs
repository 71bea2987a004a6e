//! Great circles.

/// Points of the great circle between two places, both included, as (latitude, longitude) in degrees.
pub(super) fn great_circle(from: (f64, f64), to: (f64, f64), steps: usize) -> Vec<(f64, f64)> {
    let vector = |(latitude, longitude): (f64, f64)| {
        let (phi, lambda) = (latitude.to_radians(), longitude.to_radians());
        [phi.cos() * lambda.cos(), phi.cos() * lambda.sin(), phi.sin()]
    };
    let (a, b) = (vector(from), vector(to));
    let angle = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>().clamp(-1.0, 1.0).acos();
    // Next to each other, or opposite, where no one great circle is the shortest: the two ends will do.
    if !(1e-6..=3.1).contains(&angle) {
        return vec![from, to];
    }
    (0..=steps)
        .map(|step| {
            let t = step as f64 / steps as f64;
            let (k, l) = (((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin());
            let [x, y, z] = [k * a[0] + l * b[0], k * a[1] + l * b[1], k * a[2] + l * b[2]];
            (z.atan2(x.hypot(y)).to_degrees(), y.atan2(x).to_degrees())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn great_circle_goes_the_short_way() {
        let path = great_circle((35.0, 140.0), (37.0, -122.0), 10);
        assert_eq!(path.len(), 11);
        assert!(path.iter().all(|point| point.0 > 34.0 && point.1.abs() > 120.0), "{path:?}");
        assert_eq!(great_circle((1.0, 1.0), (1.0, 1.0), 10).len(), 2);
    }
}
