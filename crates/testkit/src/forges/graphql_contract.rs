//! Whether a GraphQL document asks only for what GitHub's schema has, and gives it what it needs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use graphql_parser::query::{
    Definition, Field, OperationDefinition, Selection, SelectionSet, Type, TypeCondition, Value as Literal,
    VariableDefinition, parse_query,
};
use graphql_parser::schema::{self, Definition as Defined, InputValue, TypeDefinition, parse_schema};
use serde_json::Value;

type Set = SelectionSet<'static, String>;
type Selected = Field<'static, String>;
type Kind = Type<'static, String>;
type Given = Literal<'static, String>;

static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| Schema::read(include_str!("../../contracts/github.graphql")));

/// Types by name: fields with their types and arguments; values of an enumeration; members of a union.
#[derive(Default)]
struct Schema {
    fields: BTreeMap<String, BTreeMap<String, Known>>,
    values: BTreeMap<String, Vec<String>>,
    unions: BTreeMap<String, Vec<String>>,
}

/// A field that there is.
struct Known {
    kind: Kind,
    arguments: BTreeMap<String, (Kind, bool)>,
}

impl Schema {
    fn read(text: &str) -> Self {
        let document = parse_schema::<String>(text).expect("a schema").into_static();
        let mut schema = Self::default();
        for definition in document.definitions {
            let Defined::TypeDefinition(definition) = definition else { continue };
            match definition {
                TypeDefinition::Object(object) => schema.take(object.name, object.fields),
                TypeDefinition::Interface(interface) => schema.take(interface.name, interface.fields),
                TypeDefinition::InputObject(input) => schema.take_input(input.name, input.fields),
                TypeDefinition::Enum(one) => {
                    let names = one.values.into_iter().map(|value| value.name);
                    schema.values.insert(one.name, names.collect());
                }
                TypeDefinition::Union(union) => {
                    schema.unions.insert(union.name, union.types);
                }
                TypeDefinition::Scalar(_) => {}
            }
        }
        schema
    }

    fn take(&mut self, name: String, fields: Vec<schema::Field<'static, String>>) {
        let known = fields.into_iter().map(|field| {
            let arguments = field.arguments.into_iter().map(argument).collect();
            (field.name, Known { kind: field.field_type, arguments })
        });
        self.fields.insert(name, known.collect());
    }

    fn take_input(&mut self, name: String, fields: Vec<InputValue<'static, String>>) {
        let known = fields.into_iter().map(|field| {
            let (name, (kind, _)) = argument(field);
            (name, Known { kind, arguments: BTreeMap::new() })
        });
        self.fields.insert(name, known.collect());
    }
}

/// An argument, its type, and whether it has a value of its own.
fn argument(value: InputValue<'static, String>) -> (String, (Kind, bool)) {
    (value.name, (value.value_type, value.default_value.is_some()))
}

/// What is wrong with `{"query": …, "variables": …}`. Nothing if it is as the schema says.
pub fn wrong_in(body: &Value) -> Vec<String> {
    let document = match parse_query::<String>(body["query"].as_str().unwrap_or_default()) {
        Ok(document) => document.into_static(),
        Err(error) => return vec![error.to_string()],
    };
    let mut check = Check { variables: BTreeMap::new(), given: &body["variables"], wrong: Vec::new() };
    for definition in &document.definitions {
        match definition {
            Definition::Operation(OperationDefinition::Query(query)) => {
                check.declare(&query.variable_definitions);
                check.set("Query", &query.selection_set);
            }
            Definition::Operation(OperationDefinition::Mutation(mutation)) => {
                check.declare(&mutation.variable_definitions);
                check.set("Mutation", &mutation.selection_set);
            }
            Definition::Operation(OperationDefinition::SelectionSet(set)) => check.set("Query", set),
            Definition::Operation(OperationDefinition::Subscription(_)) | Definition::Fragment(_) => {
                check.wrong.push("neither subscriptions nor named fragments are used".to_owned());
            }
        }
    }
    check.wrong
}

struct Check<'a> {
    variables: BTreeMap<String, Kind>,
    given: &'a Value,
    wrong: Vec<String>,
}

impl Check<'_> {
    fn declare(&mut self, variables: &[VariableDefinition<'static, String>]) {
        for variable in variables {
            self.variables.insert(variable.name.clone(), variable.var_type.clone());
            let needed =
                matches!(variable.var_type, Type::NonNullType(_)) && variable.default_value.is_none();
            if needed && self.given[&variable.name].is_null() {
                self.wrong.push(format!("${} has no value", variable.name));
            }
        }
        let given = self.given.as_object().into_iter().flat_map(|given| given.keys());
        let strangers = given.filter(|name| !self.variables.contains_key(*name));
        self.wrong.extend(strangers.map(|name| format!("${name} is not declared")));
    }

    fn set(&mut self, kind: &str, set: &Set) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => self.field(kind, field),
                Selection::InlineFragment(fragment) => {
                    let inner = match &fragment.type_condition {
                        Some(TypeCondition::On(name)) => name,
                        None => kind,
                    };
                    let members = SCHEMA.unions.get(kind);
                    if members.is_some_and(|members| !members.iter().any(|member| member == inner)) {
                        self.wrong.push(format!("{kind} is never {inner}"));
                    }
                    self.set(inner, &fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.wrong.push(format!("fragment {} is not known", spread.fragment_name));
                }
            }
        }
    }

    fn field(&mut self, kind: &str, field: &Selected) {
        let place = format!("{kind}.{}", field.name);
        let Some(known) = SCHEMA.fields.get(kind).and_then(|fields| fields.get(&field.name)) else {
            self.wrong.push(format!("there is no {place}"));
            return;
        };
        for (name, value) in &field.arguments {
            match known.arguments.get(name) {
                Some((wanted, _)) => self.value(&format!("{place}({name})"), wanted, value),
                None => self.wrong.push(format!("{place} takes no {name}")),
            }
        }
        let needed =
            known.arguments.iter().filter(|(_, (kind, own))| matches!(kind, Type::NonNullType(_)) && !own);
        let missing = needed.filter(|(name, _)| !field.arguments.iter().any(|(given, _)| given == *name));
        self.wrong.extend(missing.map(|(name, _)| format!("{place} needs {name}")));
        let inner = bare(&known.kind);
        let has_fields = SCHEMA.fields.contains_key(inner) || SCHEMA.unions.contains_key(inner);
        if has_fields == field.selection_set.items.is_empty() {
            self.wrong.push(format!("{place} is a {inner}"));
        }
        self.set(inner, &field.selection_set);
    }

    /// Whether a value may stand where `wanted` is.
    fn value(&mut self, place: &str, wanted: &Kind, value: &Given) {
        match (wanted, value) {
            (_, Literal::Variable(name)) => match self.variables.get(name) {
                Some(kind) if may_stand_for(kind, wanted) => {}
                Some(kind) => self.wrong.push(format!("{place} is {wanted}, ${name} is {kind}")),
                None => self.wrong.push(format!("${name} is not declared")),
            },
            (Type::NonNullType(_), Literal::Null) => self.wrong.push(format!("{place} cannot be null")),
            (Type::ListType(inner), Literal::List(items)) => {
                for item in items {
                    self.value(place, inner, item);
                }
            }
            (Type::NonNullType(inner) | Type::ListType(inner), value) => self.value(place, inner, value),
            (Type::NamedType(name), Literal::Object(pairs)) => self.object(place, name, pairs),
            (Type::NamedType(name), Literal::Enum(word)) => {
                if !SCHEMA.values.get(name).is_some_and(|values| values.contains(word)) {
                    self.wrong.push(format!("{place} is never {word}"));
                }
            }
            (Type::NamedType(_), _) => {}
        }
    }

    fn object(&mut self, place: &str, name: &str, pairs: &BTreeMap<String, Given>) {
        let Some(known) = SCHEMA.fields.get(name) else {
            self.wrong.push(format!("{place} is a {name}"));
            return;
        };
        for (field, value) in pairs {
            match known.get(field) {
                Some(known) => self.value(&format!("{place}.{field}"), &known.kind, value),
                None => self.wrong.push(format!("{name} has no {field}")),
            }
        }
        let needed = known.iter().filter(|(_, known)| matches!(known.kind, Type::NonNullType(_)));
        let missing = needed.filter(|(field, _)| !pairs.contains_key(*field));
        self.wrong.extend(missing.map(|(field, _)| format!("{name} needs {field}")));
    }
}

/// The name of a type without lists and exclamation marks.
fn bare(kind: &Kind) -> &str {
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => bare(inner),
    }
}

/// Whether a variable of one type may stand where another is wanted.
fn may_stand_for(given: &Kind, wanted: &Kind) -> bool {
    match (given, wanted) {
        (Type::NonNullType(given), Type::NonNullType(wanted))
        | (Type::ListType(given), Type::ListType(wanted)) => may_stand_for(given, wanted),
        (Type::NonNullType(given), wanted) => may_stand_for(given, wanted),
        (Type::NamedType(given), Type::NamedType(wanted)) => given == wanted,
        _ => false,
    }
}
