//! The index over notes in a temporary workspace, with a model that compares texts by their letters.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod searches;
#[cfg(test)]
mod vectors;
