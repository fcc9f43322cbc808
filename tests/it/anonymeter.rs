//! The learned attacks beside anonymeter (PyPI), which invented them, on the same releases of UCI Adult.
//!
//! Our risk must lie in anonymeter's 95 % interval. Both draw from a fixed seed, so the test gives the same answer every
//! time. Originals and control have equally many different rows: anonymeter 1.1.0 corrects singling out for a control of
//! another size by counting the predicates instead of those that single out (`_measure_queries_success`), so its correction
//! is the ratio of the sizes, whatever the data; ours is the fit that its paper describes, and is not compared.

use crate::support::{Folder, shared};

/// Columns of the release, and to which level of its hierarchy each is generalized.
const LEVELS: [(&str, usize); 8] = [
    ("sex", 0),
    ("age", 1),
    ("race", 0),
    ("marital-status", 0),
    ("education", 1),
    ("native-country", 1),
    ("workclass", 1),
    ("occupation", 1),
];

/// Splits Adult, generalizes by the data set's own hierarchies, and lets anonymeter attack. An age range becomes its lower
/// end, because anonymeter knows no ranges.
const THEIRS: &str = r#"
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd
from anonymeter.evaluators import SinglingOutEvaluator, LinkabilityEvaluator, InferenceEvaluator
data, out, levels = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
adult = pd.read_csv(data + "/adult.csv", sep=";").sample(frac=1.0, random_state=7).reset_index(drop=True)
columns = [name for name, _ in levels] + ["salary-class"]
adult = adult[columns]

def published(frame, labels):
    frame = frame.copy()
    for name, level in levels:
        if level == 0: continue
        ladder = pd.read_csv(f"{data}/adult_hierarchy_{name}.csv", sep=";", header=None, dtype=str)
        frame[name] = frame[name].astype(str).map(dict(zip(ladder[0], ladder[level])))
        if name == "age" and not labels:
            frame[name] = frame[name].str.split("-").str[0].astype(int)
    return frame

def upto(frame, distinct, form):
    # rows up to the one that makes so many different ones: then originals and control are equally many to anonymeter
    new = ~form(frame).duplicated()
    return frame[: int(np.flatnonzero(new.cumsum() == distinct)[0]) + 1]

answer = {}
for case, distinct in [("raw", 4000), ("generalized", 1200)]:
    form = (lambda frame: frame) if case == "raw" else (lambda frame: published(frame, False))
    original, control = upto(adult[:15000], distinct, form), upto(adult[15000:], distinct, form)
    original.to_csv(f"{out}/{case}-original.csv", index=False)
    control.to_csv(f"{out}/{case}-control.csv", index=False)
    (original if case == "raw" else published(original, True)).to_csv(f"{out}/{case}.csv", index=False)
    ori, con = form(original), form(control)
    release = ori.sample(frac=1.0, random_state=3).reset_index(drop=True)
    attacks = 1000
    np.random.seed(11)
    def put(name, evaluator):
        risk = evaluator.risk()
        answer[f"{case}/{name}"] = [float(risk.value), float(risk.ci[0]), float(risk.ci[1])]
    for mode in ["univariate", "multivariate"]:
        single = SinglingOutEvaluator(ori=ori, syn=release, n_attacks=attacks, n_cols=5, control=con, max_attempts=20000, seed=5)
        put("singling-out-" + mode, single.evaluate(mode=mode))
    halves = (["sex", "age", "race", "marital-status"], ["education", "native-country", "workclass", "occupation"])
    link = LinkabilityEvaluator(ori=ori, syn=release, n_attacks=attacks, aux_cols=halves, n_neighbors=1, control=con)
    put("linkability", link.evaluate(n_jobs=1))
    for secret, known in [("salary-class", columns[:-1]), ("occupation", columns[:7])]:
        infer = InferenceEvaluator(ori=ori, syn=release, aux_cols=known, secret=secret, regression=False, n_attacks=attacks, control=con)
        put("inference/" + secret, infer.evaluate(n_jobs=1))
print(json.dumps(answer))
"#;

/// Where anonymeter is installed: it needs an older numpy than the other packages, so it has a place of its own.
fn python() -> Option<String> {
    let path = std::env::var("OUTIS_ANONYMETER").ok().or_else(|| {
        let path = format!("{}/.cache/outis/anonymeter/bin/python", std::env::var("HOME").ok()?);
        std::path::Path::new(&path).exists().then_some(path)
    });
    assert!(path.is_some() || std::env::var("CI").as_deref() != Ok("true"), "CI installs anonymeter");
    path
}

#[test]
fn our_risks_lie_in_the_intervals_of_anonymeter() {
    let (Some(data), Some(python)) = (shared("data/adult"), python()) else { return };
    let folder = Folder::new();
    let levels = serde_json::to_string(&LEVELS).unwrap();
    let [data, out] = [&data, folder.path()].map(|path| path.to_str().unwrap());
    let output = std::process::Command::new(python).args(["-c", THEIRS, data, out, &levels]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut profile = String::from(
        "name = \"a\"\nversion = \"1\"\ngoal = \"anonymized\"\ntier = \"open\"\n[privacy]\nk_anonymity = 2\n",
    );
    for (column, level) in LEVELS {
        profile.push_str(&format!("[[column]]\nname = \"{column}\"\nrole = \"quasi\"\n"));
        if level > 0 {
            profile.push_str(&format!(
                "generalize = {{ tree = {{ file = \"{data}/adult_hierarchy_{column}.csv\", separator = \";\" }} }}\nlevel = {level}\n"
            ));
        }
    }
    profile.push_str("[[column]]\nname = \"salary-class\"\nrole = \"sensitive\"\n");
    folder.write("profile.toml", profile);
    let mut differing = Vec::new();
    for case in ["raw", "generalized"] {
        let attack = |attacks: &str, more: &[&str]| {
            let release = format!("{case}.csv");
            let [original, control] = ["original", "control"].map(|part| format!("{case}-{part}.csv"));
            let mut arguments = vec!["attack", &release, "--original", &original, "--control", &control, "--json"];
            arguments.extend([
                "--profile",
                "profile.toml",
                "--quiet",
                "--distinct",
                "--columns",
                "5",
                "--attacks",
                attacks,
            ]);
            arguments.extend(["--link", "sex,age,race,marital-status:education,native-country,workclass,occupation"]);
            arguments.extend(more);
            folder.outis(&arguments).expect(0).json()
        };
        let (same, more) = (attack("1000", &[]), attack("2000", &[]));
        let occupation = attack(
            "2000",
            &["--known", "sex,age,race,marital-status,education,native-country,workclass", "--secret", "occupation"],
        );
        for (name, ours, at) in [
            ("singling-out-univariate", &same, "singling-out-univariate"),
            ("singling-out-multivariate", &same, "singling-out-multivariate"),
            ("linkability", &more, "linkability"),
            ("inference/salary-class", &more, "inference"),
            ("inference/occupation", &occupation, "inference"),
        ] {
            let attacks = ours["attacks"].as_array().unwrap();
            let made = attacks.iter().find(|made| made["attack"] == at).unwrap();
            let risk = made["risk"]["value"].as_f64().unwrap();
            let number = |at: usize| theirs[format!("{case}/{name}")][at].as_f64().unwrap();
            eprintln!(
                "{case:<12} {name:<28} ours {risk:.4}  anonymeter {:.4} ({:.4} to {:.4})",
                number(0),
                number(1),
                number(2)
            );
            if !(number(1)..=number(2)).contains(&risk) {
                differing.push(format!("{case}/{name}: {risk} not in {}", theirs[format!("{case}/{name}")]));
            }
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
}
