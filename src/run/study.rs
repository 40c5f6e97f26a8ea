//! The study of a run, in `runs/<name>/study/`: a session for each seed, all of its searches, its jobs. Needs libtorch.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::folder::{Access, RunFolder};
use super::record::{BASELINE, Environment, write_json};
use super::session::{Session, Watch, set_threads};
use super::teacher;
use crate::config::RunConfig;
use crate::files::{create_folder, write_atomic};
use crate::search::bench::Measured;
use crate::search::fragments::{self, JOBS};
use crate::search::margin::Plan;
use crate::study::jobs::{self, Job};
use crate::study::record::{Found, GridFound, Search, Study};
use crate::study::search::{self, Searched};
use crate::study::{FOLDER, Task, plots, seed_folder, text};

/// The study for machines, in its folder.
pub const JSON: &str = "study.json";
/// The study for people, in its folder.
pub const MARKDOWN: &str = "study.md";

/// A study in work.
pub struct StudyRun {
    config: RunConfig,
    folder: RunFolder,
    access: Access,
    watch: Watch,
}

/// One seed's searches, finished.
struct Seed {
    searches: Vec<(Search, Searched)>,
    grid: Option<(GridFound, Vec<Measured>)>,
}

impl StudyRun {
    /// Opens the run's folder: alone, or as one of several that make jobs ([`Access::Shared`]).
    ///
    /// # Errors
    /// A folder that belongs to another configuration, or that another program works on; a teacher that does not suit every
    /// seed.
    pub fn open(mut config: RunConfig, root: &Path, access: Access, fresh: bool, watch: Watch) -> Result<Self> {
        set_threads(&mut config);
        for &seed in &config.study.seeds {
            teacher::file(&RunConfig { seed, ..config.clone() })?;
        }
        let table = config.to_toml()?.parse()?;
        let folder = match access {
            Access::Own => RunFolder::open(root, &config.name, &table, config.free_sections(), fresh)?,
            Access::Shared => RunFolder::share(root, &config.name, &table, config.free_sections())?,
        };
        Ok(Self { config, folder, access, watch })
    }

    /// The study's folder.
    pub fn path(&self) -> PathBuf {
        self.folder.join(FOLDER)
    }

    /// Searches with every seed, or goes on with it, and writes `study.json`, `study.md` and the pictures. `tell` says
    /// what is next.
    ///
    /// # Errors
    /// Those of a candidate; files that cannot be written.
    pub fn run(&self, mut tell: impl FnMut(String) -> Result<()>) -> Result<Study> {
        let (mut searches, mut grid) = (Vec::new(), None);
        for &seed in &self.config.study.seeds {
            let found = self.search(seed, &mut tell)?;
            searches.extend(found.searches);
            grid = grid.or(found.grid);
        }
        let rows = searches.iter().map(|(search, _)| search.clone()).collect();
        let found = grid.as_ref().map(|(found, _)| found.clone());
        let search = &self.config.search;
        let study = Study::of(&self.config.name, (search.target, search.objective), rows, found, Environment::here());
        let folder = self.path();
        write_json(&folder.join(JSON), &study)?;
        write_atomic(&folder.join(MARKDOWN), text::markdown(&study).as_bytes())?;
        write_atomic(&folder.join("orders.svg"), plots::orders(&study)?.as_bytes())?;
        if let Some((best, cloud)) = &grid {
            let same = |search: &Search| search.seed == best.seed && search.order == best.order;
            let margin = searches.iter().find(|(search, _)| same(search)).map(|(_, searched)| searched);
            write_atomic(&folder.join("grid.svg"), plots::grid(cloud, best, margin)?.as_bytes())?;
        }
        Ok(study)
    }

    /// All searches of one seed; then, with every choice fixed, test accuracies.
    fn search(&self, seed: u64, tell: &mut impl FnMut(String) -> Result<()>) -> Result<Seed> {
        let mut session = self.session(seed)?;
        if !session.folder.join(BASELINE).exists() {
            tell(format!("seed {seed}: training the baseline"))?;
            train(&mut session)?;
        }
        let task = self.task(&session);
        let (orders, grid) = session.with_bench(self.access, |bench| {
            let mut orders = Vec::new();
            for plan in &task.orders {
                tell(format!("seed {seed}: margin search {}", plan.order.join(", ")))?;
                orders.push((plan.order.clone(), search::order(bench, plan, task.polish)?));
            }
            let Some(plan) = &task.grid else { return Ok((orders, None)) };
            tell(format!("seed {seed}: brute-force grid"))?;
            let order = plan.axes.iter().map(|(stage, _)| stage.clone()).collect();
            Ok((orders, Some((order, search::grid(bench, plan, task.polish)?))))
        })?;
        let seconds = session.training()?.epochs.iter().map(|epoch| epoch.seconds).sum();
        let found = |searched: &Searched| -> Result<Found> {
            Ok(Found::of(searched, seconds, session.test_accuracy(&searched.outcome.network.key)?))
        };
        let row = |(order, searched): (Vec<String>, Searched)| -> Result<(Search, Searched)> {
            Ok((Search { seed, order, found: found(&searched)?, against_grid: None }, searched))
        };
        let searches = orders.into_iter().map(row).collect::<Result<_>>()?;
        let best = |(order, (searched, cloud)): (Vec<String>, (Searched, Vec<Measured>))| -> Result<_> {
            Ok((GridFound { seed, order, combinations: cloud.len(), found: found(&searched)? }, cloud))
        };
        Ok(Seed { searches, grid: grid.map(best).transpose()? })
    }

    /// Jobs whose parents are finished, they themselves not; and most levels of jobs that wait for one another.
    ///
    /// # Errors
    /// Data or files that cannot be read.
    pub fn ready(&self) -> Result<(Vec<Job>, usize)> {
        let (mut ready, mut levels) = (Vec::new(), 0);
        for &seed in &self.config.study.seeds {
            let session = self.session(seed)?;
            let task = self.task(&session);
            levels = levels.max(jobs::levels(&task));
            ready.extend(self.ready_of(&session, &task)?);
        }
        Ok((ready, levels))
    }

    fn ready_of(&self, session: &Session, task: &Task) -> Result<Vec<Job>> {
        let baseline = Job::baseline(&session.baseline_key()?, task.seed);
        if !session.folder.join(BASELINE).exists() {
            return Ok(vec![baseline]);
        }
        session.with_bench(self.access, |bench| jobs::ready(bench, task, &baseline))
    }

    /// Makes the ready jobs that `wanted` picks; their number.
    ///
    /// # Errors
    /// Those of a job.
    pub fn make(&self, wanted: impl Fn(&Job) -> bool, mut tell: impl FnMut(String) -> Result<()>) -> Result<usize> {
        let mut made = 0;
        for &seed in &self.config.study.seeds {
            let mut session = self.session(seed)?;
            let task = self.task(&session);
            let jobs: Vec<Job> = self.ready_of(&session, &task)?.into_iter().filter(&wanted).collect();
            if jobs.iter().any(Job::is_baseline) {
                train(&mut session)?;
            }
            if jobs.is_empty() {
                continue;
            }
            session.with_bench(self.access, |bench| {
                for job in &jobs {
                    tell(job.what.clone())?;
                    job.make(bench, &task)?;
                }
                Ok(())
            })?;
            made += jobs.len();
        }
        Ok(made)
    }

    fn session(&self, seed: u64) -> Result<Session> {
        let config = RunConfig { seed, ..self.config.clone() };
        Session::part(config, &self.path(), &seed_folder(seed), self.access, self.watch)
    }

    fn task(&self, session: &Session) -> Task {
        let study = &self.config.study;
        let seed = session.config.seed;
        let plan = |order| Plan { order, ..session.margin_plan() };
        Task {
            seed,
            orders: study.orders(&self.config.search.order).into_iter().map(plan).collect(),
            grid: (study.grid && study.seeds.first() == Some(&seed)).then(|| session.grid_plan()),
            polish: self.config.search.polish.epochs > 0,
        }
    }
}

/// Trains the baseline where there is none; waits where another job does.
fn train(session: &mut Session) -> Result<()> {
    let jobs = session.folder.join(JOBS);
    create_folder(&jobs)?;
    let _claim = fragments::lock(&jobs, "baseline")?;
    if session.folder.join(BASELINE).exists() { Ok(()) } else { session.train() }
}
