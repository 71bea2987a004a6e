//! whither for Python: flows as Arrow streams, reports, addresses, policies, ranges. One file for each.
//!
//! Whatever takes long runs on threads of whither's own, without Python's lock, while the calling thread looks after signals.

mod check;
mod failure;
mod fleet;
mod flows;
mod lookup;
mod report;
mod rows;
mod settings;
mod stream;
mod wait;

use pyo3::prelude::*;

/// What `whither/__init__.py` gives out. Its documentation stands there and in the stubs.
#[pymodule]
fn _whither(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("COLUMNS", fleet::columns())?;
    module.add_class::<flows::Flows>()?;
    module.add_class::<flows::FlowRecord>()?;
    module.add_class::<rows::Rows>()?;
    module.add_class::<report::Report>()?;
    module.add_class::<check::Check>()?;
    module.add_class::<fleet::RangeRows>()?;
    module.add_function(wrap_pyfunction!(fleet::plan, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::read, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::verify, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::proven, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::join, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::merge, module)?)?;
    module.add_function(wrap_pyfunction!(flows::flows, module)?)?;
    module.add_function(wrap_pyfunction!(report::map, module)?)?;
    module.add_function(wrap_pyfunction!(check::check, module)?)?;
    module.add_function(wrap_pyfunction!(lookup::lookup, module)?)
}
