//! States of the past written into the folder, as ordinary edits that the engine takes in.

use std::collections::BTreeMap;

use super::answer::RestoredFile;
use super::clock::{rfc3339, wall};
use super::past::not_here;
use crate::model::{
    ChangeHash, Content, Observed, Problem, ProblemKind, Source, Step, StepError, VaultPath, WallMs,
};
use crate::vault::Folder;

/// Steps taken together.
const STEPS_AT_ONCE: usize = 256;

/// A state of one file, and where its bytes are.
pub(super) struct State {
    pub(super) path: VaultPath,
    pub(super) rev: ChangeHash,
    pub(super) time: Option<WallMs>,
    pub(super) content: Content,
    pub(super) source: Bytes,
    /// Where the file lies now and with what, if it is to be moved back.
    pub(super) from: Option<(VaultPath, Content)>,
}

/// Where bytes are.
pub(super) enum Bytes {
    Text(String),
    /// In this file of the vault.
    OnDisk(VaultPath),
    /// In the trash, if anywhere.
    Elsewhere,
}

/// Writes states into the folder; what is there already stays untouched.
pub(super) fn put_back(
    folder: &Folder,
    plan: &[(VaultPath, State)],
    dry_run: bool,
) -> (Vec<RestoredFile>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let now = wall();
    let moved = move_back(folder, plan, dry_run);
    for some in plan.chunks(STEPS_AT_ONCE) {
        let (mut steps, mut about) = (Vec::new(), Vec::new());
        for (path, state) in some {
            let from = moved.get(path);
            let told = RestoredFile {
                path: path.to_string(),
                from: from.map(|(from, _)| from.to_string()),
                rev: state.rev.to_string(),
                at: state.time.map(rfc3339),
                bytes: state.content.size,
            };
            let expected = match folder.look(path) {
                Observed::File(seen) if seen.content == state.content => {
                    files.extend(from.map(|_| told));
                    continue;
                }
                Observed::Absent if dry_run && from.is_some_and(|it| it.1 == state.content) => {
                    files.push(told);
                    continue;
                }
                Observed::File(_) if from.is_none() && made_since(plan, path, state) => {
                    problems.push(in_the_way(path));
                    continue;
                }
                Observed::File(seen) => Some(seen.content),
                Observed::Absent => None,
                Observed::Problem(problem) | Observed::Special(problem) => {
                    problems.push(problem);
                    continue;
                }
                Observed::Folder { .. } | Observed::Ignored => {
                    problems.push(in_the_way(path));
                    continue;
                }
            };
            let source = match &state.source {
                Bytes::Text(text) => Source::Bytes(text.clone().into_bytes()),
                Bytes::OnDisk(path) => {
                    Source::CopyOf { path: path.clone(), content: state.content }
                }
                Bytes::Elsewhere => {
                    if let Err(problem) = from_trash(folder, path, state.content, dry_run) {
                        problems.push(problem);
                        continue;
                    }
                    Source::Part(state.content)
                }
            };
            steps.push(Step::Replace { path: path.clone(), expected, source, mtime_ms: now.0 });
            about.push(told);
        }
        if dry_run {
            files.extend(about);
            continue;
        }
        for (result, about) in folder.apply(&steps).into_iter().zip(about) {
            match result {
                Ok(_) => files.push(about),
                Err(StepError::Problem(problem)) => problems.push(problem),
                Err(StepError::Changed | StepError::Ignored | StepError::SourceGone) => {
                    problems.push(Problem {
                        path: about.path,
                        kind: ProblemKind::Changing,
                        message: "it changed at this very moment; try again".to_owned(),
                    });
                }
            }
        }
    }
    (files, problems)
}

/// Whether what lies where a file is to be moved back is none of those that are put back.
fn made_since(plan: &[(VaultPath, State)], path: &VaultPath, state: &State) -> bool {
    let moves = state.from.as_ref().is_some_and(|(from, _)| from != path);
    moves && !plan.iter().any(|(_, it)| it.from.as_ref().is_some_and(|(from, _)| from == path))
}

/// Moves files back to where they lay, as far as nothing lies there now; says by their places which
/// were moved (or would be), from where and with what. Files that swapped places stay: what each
/// place is to hold is written there.
fn move_back<'a>(
    folder: &Folder,
    plan: &'a [(VaultPath, State)],
    dry_run: bool,
) -> BTreeMap<&'a VaultPath, &'a (VaultPath, Content)> {
    let mut open: Vec<(&VaultPath, &(VaultPath, Content))> = plan
        .iter()
        .filter_map(|(to, state)| Some((to, state.from.as_ref()?)))
        .filter(|(to, from)| **to != from.0)
        .collect();
    let mut moved = BTreeMap::new();
    loop {
        let before = open.len();
        open.retain(|(to, from)| {
            let free = matches!(folder.look(to), Observed::Absent)
                || dry_run && moved.values().any(|(left, _): &&(VaultPath, Content)| left == *to);
            let step = Step::Rename { from: from.0.clone(), to: (*to).clone(), expected: from.1 };
            let done = free && (dry_run || matches!(folder.apply(&[step])[..], [Ok(_)]));
            if done {
                moved.insert(*to, *from);
            }
            !done
        });
        if open.len() == before {
            return moved;
        }
    }
}

/// Copies a content from the trash to where steps take it from; in a dry run it is only looked for.
fn from_trash(
    folder: &Folder,
    path: &VaultPath,
    content: Content,
    dry_run: bool,
) -> Result<(), Problem> {
    let found = if dry_run {
        Ok(folder.find_in_trash(content).is_some())
    } else {
        folder.part_from_trash(content)
    };
    match found {
        Ok(true) => Ok(()),
        Err(StepError::Problem(problem)) => Err(Problem { path: path.to_string(), ..problem }),
        Ok(false) | Err(StepError::Changed | StepError::Ignored | StepError::SourceGone) => {
            Err(Problem {
                path: path.to_string(),
                kind: ProblemKind::Unreadable,
                message: not_here(path).message,
            })
        }
    }
}

fn in_the_way(path: &VaultPath) -> Problem {
    Problem {
        path: path.to_string(),
        kind: ProblemKind::Clash,
        message: "a folder, a file made since, or something left out by the rules, lies there"
            .to_owned(),
    }
}
