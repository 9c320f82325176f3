//! A browser, as somebody sits before it. In: addresses, names of what to click, keys. Out: what is
//! shown.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::driver::Driver;

/// The name under which WebDriver sends an element (W3C WebDriver, section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long something may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// What can be clicked or typed into.
const CONTROLS: &str = "a, button, input, select, textarea, summary";

pub(super) struct Window(Driver);

/// Something on the page that is shown.
pub(super) struct Element<'w> {
    window: &'w Window,
    id: String,
}

/// What is shown in a narrow or a wide window, in which colours.
#[derive(Clone, Copy)]
pub(super) struct Looks {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) dark: bool,
}

impl Window {
    pub(super) fn open() -> Self {
        Self(Driver::start())
    }

    pub(super) fn visit(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    pub(super) fn url(&self) -> String {
        text(&self.get("/url"))
    }

    /// What of the address follows the host and port.
    pub(super) fn path(&self) -> String {
        self.script("return location.pathname + location.search").as_str().unwrap_or("").to_owned()
    }

    /// The text of the page, as shown.
    pub(super) fn text(&self) -> String {
        self.find("body").text()
    }

    pub(super) fn find(&self, css: &str) -> Element<'_> {
        self.wait_for(css, || self.all(css).into_iter().next())
    }

    pub(super) fn all(&self, css: &str) -> Vec<Element<'_>> {
        self.elements("/elements", css)
    }

    /// The control of that accessible name: what a screen reader calls it.
    pub(super) fn named(&self, name: &str) -> Element<'_> {
        self.wait_for(name, || self.all_named(name).into_iter().next())
    }

    pub(super) fn all_named(&self, name: &str) -> Vec<Element<'_>> {
        self.all(CONTROLS).into_iter().filter(|control| control.name() == name).collect()
    }

    pub(super) fn click(&self, name: &str) {
        self.named(name).click();
    }

    /// Presses keys wherever the focus is. Special keys are in [`keys`](super::keys).
    pub(super) fn press(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| {
            [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
        });
        let strokes: Vec<_> = strokes.collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.post("/actions", &json!({ "actions": [keyboard] }));
    }

    /// The accessible name of what has the focus.
    pub(super) fn focused(&self) -> String {
        let found = self.get("/element/active");
        Element { window: self, id: text(&found[ELEMENT]) }.name()
    }

    pub(super) fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The value that a promise comes to: `script` calls `arguments[0]` with it.
    pub(super) fn promise(&self, script: &str) -> Value {
        self.post("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Lets scripts of tests do on pages loaded from now on what their policy would forbid.
    pub(super) fn ignore_content_security_policy(&self) {
        self.devtools("Page.setBypassCSP", &json!({ "enabled": true }));
    }

    /// The cookies the browser has for this page, those that no script sees among them.
    pub(super) fn cookies(&self) -> Vec<Value> {
        self.get("/cookie").as_array().cloned().unwrap_or_default()
    }

    pub(super) fn restore(&self, cookie: &Value) {
        self.post("/cookie", &json!({ "cookie": cookie }));
    }

    /// What the browser's console has said since it was last asked.
    pub(super) fn console(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries.iter().map(|entry| text(&entry["message"])).collect()
    }

    pub(super) fn look(&self, looks: Looks) {
        let Looks { width, height, dark } = looks;
        let narrow = width < 600;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": narrow });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &media);
    }

    /// A picture as PNG: of what is in view, or of the whole page, also what would be scrolled to.
    pub(super) fn picture(&self, whole: bool) -> Vec<u8> {
        self.devtools("Emulation.setScrollbarsHidden", &json!({ "hidden": true }));
        let extent = json!({ "captureBeyondViewport": whole });
        let taken = self.devtools("Page.captureScreenshot", &extent);
        STANDARD.decode(text(&taken["data"])).expect("base64")
    }

    /// Waits until something holds.
    pub(super) fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        self.wait_for(what, || holds().then_some(()));
    }

    fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if began.elapsed() > PATIENCE {
                panic!("no `{what}` on {}:\n{}", self.url(), self.script(BODY));
            }
            sleep(Duration::from_millis(50));
        }
    }

    fn elements(&self, path: &str, css: &str) -> Vec<Element<'_>> {
        let wanted = json!({ "using": "css selector", "value": css });
        let found = self.post(path, &wanted);
        let found = found.as_array().cloned().unwrap_or_default();
        found.iter().map(|found| Element { window: self, id: text(&found[ELEMENT]) }).collect()
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn get(&self, path: &str) -> Value {
        self.0.command("GET", path, None).unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.0.command("POST", path, Some(body));
        answer.unwrap_or_else(|error| panic!("POST {path} {body}: {error}"))
    }
}

/// What a failure shows of the page.
const BODY: &str = "return document.body ? document.body.innerText : ''";

impl Element<'_> {
    pub(super) fn click(&self) {
        self.post("/click", &json!({}));
    }

    /// Types into a field.
    pub(super) fn write(&self, text: &str) {
        self.post("/value", &json!({ "text": text }));
    }

    pub(super) fn text(&self) -> String {
        self.get("/text").as_str().unwrap_or_default().to_owned()
    }

    /// The accessible name. An element that has gone since has none.
    pub(super) fn name(&self) -> String {
        self.get("/computedlabel").as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.get(&format!("/attribute/{name}")).as_str().map(str::to_owned)
    }

    pub(super) fn all(&self, css: &str) -> Vec<Element<'_>> {
        self.window.elements(&format!("/element/{}/elements", self.id), css)
    }

    pub(super) fn shown(&self) -> bool {
        self.get("/displayed") == true
    }

    fn get(&self, path: &str) -> Value {
        let path = format!("/element/{}{path}", self.id);
        self.window.0.command("GET", &path, None).unwrap_or(Value::Null)
    }

    fn post(&self, path: &str, body: &Value) {
        self.window.post(&format!("/element/{}{path}", self.id), body);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
