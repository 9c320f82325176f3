//! Which operation is which endpoint. In: the inventory, and a document. Out: pairs of both, and
//! what one of them lacks.

use std::collections::BTreeMap;

use auth_policy::lock::Rule;
use utoipa::openapi::{
    OpenApi, PathItem, Required, Response,
    path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
    schema::{Object, Type},
};

use super::{drift::OpenApiDrift, place::Place};
use crate::routing::{Endpoint, Inventory, Method};

/// The endpoints that a document can describe, by their places.
pub(super) struct Served<'i> {
    endpoints: BTreeMap<Place, &'i Endpoint>,
    /// Those it has no form for: method and path.
    pub(super) formless: Vec<String>,
}

impl<'i> Served<'i> {
    pub(super) fn of(inventory: &'i Inventory) -> Self {
        let (mut endpoints, mut formless) = (BTreeMap::new(), Vec::new());
        for endpoint in inventory.endpoints() {
            if has_form(endpoint) {
                let method = endpoint.method.to_string();
                let place = Place { path: templated(&endpoint.path), method };
                endpoints.insert(place, endpoint);
            } else {
                formless.push(format!("{} {}", endpoint.method, endpoint.path));
            }
        }
        Self { endpoints, formless }
    }

    /// What a document lacks, and what it has too much.
    pub(super) fn compare(&self, document: &OpenApi) -> OpenApiDrift {
        let described: Vec<Place> = places(document);
        let undescribed = self.endpoints.keys().filter(|place| !described.contains(place));
        let mut unserved: Vec<_> =
            described.iter().filter(|place| self.endpoint(place).is_none()).cloned().collect();
        unserved.sort();
        OpenApiDrift { undescribed: undescribed.cloned().collect(), unserved }
    }

    /// Adds an operation that says no more than the route does.
    pub(super) fn add(&self, place: &Place, document: &mut OpenApi) {
        let Some(endpoint) = self.endpoint(place) else { return };
        let item = document.paths.paths.entry(place.path.clone()).or_default();
        if let Some((_, slot)) =
            slots(item).into_iter().find(|(method, _)| *method == endpoint.method)
        {
            *slot = Some(bare(&place.path));
        }
    }

    /// Every operation of the document with its endpoint.
    pub(super) fn operations<'d>(
        &self,
        document: &'d mut OpenApi,
    ) -> Vec<(&'i Endpoint, &'d mut Operation)> {
        let mut found = Vec::new();
        for (path, item) in &mut document.paths.paths {
            for (method, slot) in slots(item) {
                let place = Place { path: path.clone(), method: method.to_string() };
                found.extend(self.endpoint(&place).zip(slot.as_mut()));
            }
        }
        found
    }

    /// The endpoint that answers there; `GET` answers `HEAD` as well.
    fn endpoint(&self, place: &Place) -> Option<&'i Endpoint> {
        let found = self.endpoints.get(place).copied();
        found.or_else(|| {
            let get = Place { path: place.path.clone(), method: Method::Get.to_string() };
            (place.method == "HEAD").then(|| self.endpoints.get(&get).copied()).flatten()
        })
    }
}

/// Whether OpenAPI can say where it is.
fn has_form(endpoint: &Endpoint) -> bool {
    let everything = endpoint.path.ends_with("/*") || endpoint.method == Method::Any;
    !everything && !matches!(endpoint.rule, Rule::Unguarded { .. })
}

/// The path as OpenAPI writes it: `{*rest}` is a parameter there like any other.
fn templated(path: &str) -> String {
    path.replace("{*", "{")
}

/// The places of a document's operations.
fn places(document: &OpenApi) -> Vec<Place> {
    let mut places = Vec::new();
    for (path, item) in &document.paths.paths {
        let own = [
            ("GET", &item.get),
            ("PUT", &item.put),
            ("POST", &item.post),
            ("DELETE", &item.delete),
            ("OPTIONS", &item.options),
            ("HEAD", &item.head),
            ("PATCH", &item.patch),
            ("TRACE", &item.trace),
            ("QUERY", &item.query),
        ];
        let own = own.into_iter().filter(|(_, slot)| slot.is_some()).map(|(method, _)| method);
        let others = item.additional_operations.keys().map(String::as_str);
        places.extend(
            own.chain(others).map(|method| Place { path: path.clone(), method: method.to_owned() }),
        );
    }
    places
}

/// Where a path keeps the operation of each method that an endpoint can answer.
fn slots(item: &mut PathItem) -> [(Method, &mut Option<Operation>); 8] {
    [
        (Method::Get, &mut item.get),
        (Method::Put, &mut item.put),
        (Method::Post, &mut item.post),
        (Method::Delete, &mut item.delete),
        (Method::Options, &mut item.options),
        (Method::Head, &mut item.head),
        (Method::Patch, &mut item.patch),
        (Method::Trace, &mut item.trace),
    ]
}

/// An operation with the parameters of its path.
fn bare(path: &str) -> Operation {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names
        .fold(OperationBuilder::new(), |operation, (name, _)| {
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(Object::with_type(Type::String)));
            operation.parameter(parameter)
        })
        .response("default", Response::new("Not described further"))
        .build()
}
