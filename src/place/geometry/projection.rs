//! Degrees to the units of `data/world.json`: the Natural Earth projection, fitted to its 2000 by 1040 canvas.
//!
//! B. Šavrič et al., "A Polynomial Equation for the Natural Earth Projection", 2011.

/// Width of the map.
pub const WIDTH: f64 = 2000.0;
/// Height of the map.
pub const HEIGHT: f64 = 1040.0;

/// Units per radian: the equator, 2 · 0.8707 · π long, fills the width.
const SCALE: f64 = WIDTH / (2.0 * 0.870_700 * std::f64::consts::PI);

/// The point of the map at these degrees north and east; what lies outside the globe is moved to its edge.
pub fn project(latitude: f64, longitude: f64) -> (f64, f64) {
    let clean =
        |degrees: f64, limit: f64| if degrees.is_nan() { 0.0 } else { degrees.clamp(-limit, limit).to_radians() };
    let (phi, lambda) = (clean(latitude, 90.0), clean(longitude, 180.0));
    let p2 = phi * phi;
    let p4 = p2 * p2;
    let x = lambda * (0.870_700 - 0.131_979 * p2 + p4 * (-0.013_791 + p4 * (0.003_971 * p2 - 0.001_529 * p4)));
    let y = phi * (1.007_226 + p2 * (0.015_085 + p4 * (-0.044_475 + 0.028_874 * p2 - 0.005_916 * p4)));
    (WIDTH / 2.0 + SCALE * x, HEIGHT / 2.0 - SCALE * y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_globe_fills_the_canvas() {
        let rounded = |latitude, longitude| {
            let (x, y) = project(latitude, longitude);
            (x.round() as i32, y.round() as i32)
        };
        assert_eq!(rounded(0.0, 0.0), (1000, 520));
        assert_eq!(rounded(0.0, 180.0), (2000, 520));
        assert_eq!(rounded(0.0, -500.0), (0, 520));
        assert_eq!(rounded(90.0, 0.0), (1000, 0));
        assert_eq!(rounded(-90.0, 0.0), (1000, 1040));
    }

    #[test]
    fn cities_fall_into_their_countries_as_world_json_draws_them() {
        // bounds of Taiwan, Iceland, Zimbabwe in data/world.json
        let cities = [
            (25.04, 121.57, [1639.0, 1657.0, 357.0, 379.0]),
            (64.14, -21.94, [894.0, 941.0, 101.0, 118.0]),
            (-17.82, 31.04, [1138.0, 1181.0, 621.0, 664.0]),
        ];
        for (latitude, longitude, [left, right, top, bottom]) in cities {
            let (x, y) = project(latitude, longitude);
            assert!(left < x && x < right && top < y && y < bottom, "{latitude} {longitude}: {x} {y}");
        }
    }

    #[test]
    fn what_is_no_number_lands_on_the_map() {
        assert_eq!(project(f64::NAN, f64::INFINITY), project(0.0, 180.0));
    }
}
