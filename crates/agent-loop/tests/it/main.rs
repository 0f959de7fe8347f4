//! Turns with a scripted model and scripted tools.

#[cfg(test)]
mod actor;
#[cfg(test)]
mod broken;
#[cfg(test)]
mod cancel;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod compaction;
#[cfg(test)]
mod compaction_contents;
#[cfg(test)]
mod events;
#[cfg(test)]
mod fitting;
#[cfg(test)]
mod legal;
#[cfg(test)]
mod long_results;
#[cfg(test)]
mod outcomes;
#[cfg(test)]
mod parallel;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod repetition;
#[cfg(test)]
mod room;
#[cfg(test)]
mod script;
#[cfg(test)]
mod sent;
#[cfg(test)]
mod steering;
#[cfg(test)]
mod tail;
#[cfg(test)]
mod tools;
