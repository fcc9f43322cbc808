//! Models as they are asked, before the values of the data are known, and how they are bound to them.
//!
//! Responsible for: orders and hierarchies of sensitive values, and what the population's size means for a class. Given:
//! the distinct values of a class table. It never says what a value was.

use super::{Distance, Model, Tree, estimated_population};
use crate::group::{Behind, ClassTable, Values};
use crate::hierarchy::Hierarchy;
use crate::limits::K;
use crate::value::{Date, Decimal};
use std::sync::Arc;

/// A model that may still need the data's values.
#[derive(Clone)]
pub struct Asked {
    /// The model; the distance of a t-closeness is set when it is bound.
    pub model: Model,
    /// How far two values are from each other, for t-closeness.
    pub scale: Option<Scale>,
    /// Members of the population, where only their number is known: a k-map is then estimated. Without it a k-map is counted in a
    /// table of the population.
    pub population: Option<u64>,
}

/// How far two sensitive values are from each other.
#[derive(Clone)]
pub enum Scale {
    /// All alike.
    Equal,
    /// By place.
    Ordered(Order),
    /// By the level at which they meet.
    Hierarchical(Arc<Hierarchy>),
}

/// What puts values in order; a null comes first.
#[derive(Clone)]
pub enum Order {
    /// As numbers; what is none comes last, by bytes.
    Numbers,
    /// As dates; what is none comes last, by bytes.
    Dates,
    /// As listed.
    Listed(Arc<[Vec<u8>]>),
}

/// Values that an order or a hierarchy does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    /// The sensitive column, by its place.
    pub sensitive: usize,
    /// How many of its values.
    pub values: u64,
    /// Where they are missing.
    pub missing_in: &'static str,
}

impl From<Model> for Asked {
    fn from(model: Model) -> Self {
        Self { model, scale: None, population: None }
    }
}

impl Asked {
    /// Whether the model can only be judged with a table of the population.
    #[must_use]
    pub fn needs_table(&self) -> bool {
        match self.model {
            Model::KMap(_) => self.population.is_none(),
            Model::DeltaPresence { .. } => true,
            Model::PopulationUniqueness { population, .. } => population == Model::OF_TABLE,
            _ => false,
        }
    }
    /// Binds all models to a table's sensitive values and members, and to the population behind it, where that is counted. A model that
    /// holds of every table with these is left out.
    ///
    /// # Errors
    /// Values without a place, for every model that has some.
    pub fn bind_all(asked: &[Self], table: &ClassTable, behind: Option<&Behind>) -> Result<Vec<Model>, Vec<Unfit>> {
        let (mut models, mut unfit) = (Vec::new(), Vec::new());
        for one in asked {
            match one.bind(table, behind) {
                Ok(model) => models.extend(model),
                Err(error) => unfit.push(error),
            }
        }
        if unfit.is_empty() { Ok(models) } else { Err(unfit) }
    }
    fn bind(&self, table: &ClassTable, behind: Option<&Behind>) -> Result<Option<Model>, Unfit> {
        match (&self.model, &self.scale) {
            (Model::TCloseness { t, sensitive: column, .. }, Some(scale)) => {
                let distance = scale.bind(&table.sensitive()[*column]).map_err(|(values, missing_in)| Unfit {
                    sensitive: *column,
                    values,
                    missing_in,
                })?;
                Ok(Some(Model::TCloseness { t: *t, distance, sensitive: *column }))
            }
            (Model::KMap(k), _) => Ok(match self.population {
                Some(population) => members_for(*k, table.members().iter().sum(), population).map(Model::KAnonymity),
                None => Some(self.model.clone()),
            }),
            (Model::PopulationUniqueness { share, population: Model::OF_TABLE }, _) => {
                let population = behind.map_or(Model::OF_TABLE, Behind::rows);
                Ok(Some(Model::PopulationUniqueness { share: *share, population }))
            }
            _ => Ok(Some(self.model.clone())),
        }
    }
}

/// Members of the sample that stand for k members of the population; `None` where one does.
fn members_for(k: K, sample: u64, population: u64) -> Option<K> {
    let share = super::risk::ratio(sample, population.max(sample)).max(f64::MIN_POSITIVE);
    let enough = (2..=k.get()).find(|&members| estimated_population(u64::from(members), share) >= u64::from(k.get()));
    let least = if estimated_population(1, share) >= u64::from(k.get()) { 1 } else { enough.unwrap_or(k.get()) };
    K::new(least)
}

impl Scale {
    /// The distance over these values; else how many values it has no place for, and where they are missing.
    ///
    /// # Errors
    /// As said.
    pub fn bind(&self, values: &Values) -> Result<Distance, (u64, &'static str)> {
        match self {
            Self::Equal => Ok(Distance::Equal),
            Self::Ordered(order) => order.codes(values).map(Distance::Ordered).map_err(|count| (count, "the order")),
            Self::Hierarchical(hierarchy) => {
                tree(hierarchy, values).map(Distance::Hierarchical).map_err(|count| (count, "the hierarchy"))
            }
        }
    }
}

impl Order {
    fn codes(&self, values: &Values) -> Result<Vec<u32>, u64> {
        let mut codes: Vec<u32> = (0..).take(values.len()).collect();
        let value = |code: &u32| values.get(*code);
        match self {
            Self::Numbers => codes.sort_by(|left, right| {
                by(value(left), value(right), &|cell| Decimal::parse(cell), &|one, other| one.compare(*other))
            }),
            Self::Dates => codes.sort_by(|left, right| {
                by(value(left), value(right), &|cell| Date::parse_timestamp(cell), &|one, other| {
                    one.days().cmp(&other.days())
                })
            }),
            Self::Listed(listed) => {
                let place = |code: &u32| value(code).map(|cell| listed.iter().position(|known| known == cell));
                let missing = codes.iter().filter(|code| place(code) == Some(None)).count() as u64;
                if missing > 0 {
                    return Err(missing);
                }
                codes.sort_by_key(|code| place(code).flatten());
            }
        }
        Ok(codes)
    }
}

/// Null first, then what can be read in its order, then the rest by bytes; equal ones by bytes too.
fn by<T>(
    left: Option<&[u8]>,
    right: Option<&[u8]>,
    read: &dyn Fn(&[u8]) -> Option<T>,
    order: &dyn Fn(&T, &T) -> std::cmp::Ordering,
) -> std::cmp::Ordering {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let (Some(left), Some(right)) = (left, right) else { return left.is_some().cmp(&right.is_some()) };
    let first = match (read(left), read(right)) {
        (Some(one), Some(other)) => order(&one, &other),
        (Some(_), None) => Less,
        (None, Some(_)) => Greater,
        (None, None) => Equal,
    };
    first.then_with(|| left.cmp(right))
}

/// The hierarchy over these values; a null meets the others at the root.
fn tree(hierarchy: &Hierarchy, values: &Values) -> Result<Tree, u64> {
    let cells: Vec<&[u8]> = values.iter().flatten().collect();
    let ladder = hierarchy.ladder(&cells).map_err(|misses| misses.len() as u64)?;
    let last = ladder.rungs().len().saturating_sub(1);
    let levels: Vec<Vec<u32>> = ladder
        .rungs()
        .iter()
        .enumerate()
        .map(|(at, rung)| {
            let alone = if at == last { 0 } else { u32::try_from(rung.labels.len()).expect("codes are 32 bits") };
            values.has_null().then_some(alone).into_iter().chain(rung.codes.iter().copied()).collect()
        })
        .collect();
    // levels of a hierarchy never part what was together
    Tree::new(&levels).ok_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Shape, TableBuilder, merge};
    use crate::hierarchy::{Prefix, Tree as TreeFile};
    use crate::value::TextBuilder;

    fn values(cells: &[Option<&str>]) -> crate::group::ClassTable {
        let mut text = TextBuilder::default();
        cells.iter().for_each(|cell| text.push_option(cell.map(str::as_bytes)));
        let text = text.finish(false);
        let mut builder = TableBuilder::new(Shape { quasi: 0, sensitive: 1, subject: false });
        builder.add(&[], &[&text], None);
        merge(vec![builder], 1)
    }

    fn order(order: &Order, cells: &[Option<&str>]) -> Result<Vec<String>, u64> {
        let table = values(cells);
        let values = &table.sensitive()[0];
        let word =
            |code: u32| values.get(code).map_or("null".into(), |cell| String::from_utf8_lossy(cell).into_owned());
        Ok(order.codes(values)?.into_iter().map(word).collect())
    }

    #[test]
    fn numbers_and_dates_have_their_own_order_and_nulls_come_first() {
        let cells = [Some("10"), Some("9"), None, Some("-1"), Some("x"), Some("9.0")];
        assert_eq!(order(&Order::Numbers, &cells).unwrap(), ["null", "-1", "9", "9.0", "10", "x"]);
        let cells = [Some("2001/1/9"), Some("2001-01-10"), Some("1999-12-31")];
        assert_eq!(order(&Order::Dates, &cells).unwrap(), ["1999-12-31", "2001/1/9", "2001-01-10"]);
    }

    #[test]
    fn listed_values_come_as_listed_and_others_are_counted() {
        let listed = Order::Listed([b"low".to_vec(), b"high".to_vec()].into());
        assert_eq!(order(&listed, &[Some("high"), Some("low"), None]).unwrap(), ["null", "low", "high"]);
        assert_eq!(order(&listed, &[Some("high"), Some("a"), Some("b")]), Err(2));
    }

    #[test]
    fn a_hierarchy_without_a_value_tells_how_many_and_not_which() {
        let file = TreeFile::parse(b"a,x\nb,x\nc,y\n", b',').ok().unwrap();
        let hierarchy = Arc::new(Hierarchy::Tree(file));
        let table = values(&[Some("a"), Some("c"), Some("z"), None]);
        let asked = Asked {
            model: Model::TCloseness { t: 0.5, distance: Distance::Equal, sensitive: 0 },
            scale: Some(Scale::Hierarchical(Arc::clone(&hierarchy))),
            population: None,
        };
        let error = Asked::bind_all(std::slice::from_ref(&asked), &table, None).unwrap_err();
        assert_eq!(error, [Unfit { sensitive: 0, values: 1, missing_in: "the hierarchy" }]);
        let table = values(&[Some("a"), Some("c"), None]);
        assert_eq!(Asked::bind_all(&[asked], &table, None).unwrap().len(), 1);
        let prefix = Scale::Hierarchical(Arc::new(Hierarchy::Prefix(Prefix::new(vec![1]).unwrap())));
        assert!(matches!(prefix.bind(&values(&[Some("a1")]).sensitive()[0]), Ok(Distance::Hierarchical(_))));
    }

    #[test]
    fn an_estimated_k_map_asks_for_members_that_stand_for_k() {
        let least =
            |k: u32, sample: u64, population: u64| members_for(K::new(k).unwrap(), sample, population).map(K::get);
        assert_eq!(least(10, 100, 1000), None, "one member stands for ten");
        assert_eq!(least(11, 100, 1000), Some(2));
        assert_eq!(least(10, 500, 1000), Some(5));
        assert_eq!(least(10, 1000, 1000), Some(10));
        assert_eq!(least(10, 2000, 1000), Some(10), "a sample above its population is all of it");
    }
}
