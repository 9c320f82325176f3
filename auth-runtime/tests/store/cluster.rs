//! The store in a Redis Cluster of three nodes.

use std::process::{Command, Stdio};

use auth_runtime::store;
use auth_tests::{PASSWORD, Server, free_port};

use crate::{
    changes, contract, crowd, many, model, outage, race,
    world::{NOW, Shared, eventually, fresh, pause, put, timed, value},
};

pub(crate) async fn start() -> Vec<Server> {
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let bus = free_port().to_string();
        let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus];
        let timeout = ["--cluster-node-timeout", "2000"];
        nodes.push(auth_tests::redis::start(&[&cluster[..], &timeout[..]].concat()));
    }
    let addresses: Vec<String> =
        nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    let mut create = vec!["--cluster", "create"];
    create.extend(addresses.iter().map(String::as_str));
    create.push("--cluster-yes");
    cli(&create).unwrap();
    nodes
}

/// What `redis-cli` says, unless it fails.
fn cli(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("redis-cli");
    command.env("REDISCLI_AUTH", PASSWORD);
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

pub(crate) fn url(nodes: &[Server]) -> String {
    let hosts: Vec<String> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    format!("redis+cluster://:{PASSWORD}@{}", hosts.join(","))
}

pub(crate) async fn open(nodes: &[Server]) -> Shared {
    let url = url(nodes);
    let works = async || {
        let store = store::open(&url).await?;
        // Every node knows that the cluster is complete once all of them take records.
        for _ in 0..30 {
            store.insert(&fresh(), b"", None, NOW).await?;
        }
        Ok::<_, store::StoreError>(store)
    };
    eventually(works).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs three Redis: ./test stores"]
async fn cluster_holds_the_contract() {
    let nodes = start().await;
    let store = open(&nodes).await;
    contract::hold(&store).await;
    crowd::hold(&store).await;
    race::hold(&store).await;
    model::hold_async(&store, 30).await;
    let other = open(&nodes).await;
    changes::hold(&store, &other).await;
    many::hold(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs three Redis: ./test stores"]
async fn cluster_goes_and_comes_back() {
    let mut nodes = start().await;
    let store = open(&nodes).await;
    outage::survive_a_crash(&mut nodes, &store).await;
    outage::survive_a_freeze(&nodes, &store).await;
}

/// One node's slots are out of reach; the others' are not.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs three Redis: ./test stores"]
async fn cluster_does_without_one_node() {
    let mut nodes = start().await;
    let store = open(&nodes).await;
    for node in &nodes {
        let port = node.port.to_string();
        cli(&["-p", &port, "config", "set", "cluster-require-full-coverage", "no"]).unwrap();
    }
    let keys: Vec<_> = (0..60).map(|_| fresh()).collect();
    for key in &keys {
        put(&store, key, b"x").await;
    }
    let (lost, kept): (Vec<_>, Vec<_>) = keys.iter().partition(|key| node_of(&nodes, key) == 2);
    nodes[2].kill();
    for _ in 0..2 {
        for key in &kept {
            assert_eq!(value(&store, key).await.as_deref(), Some(&b"x"[..]));
        }
        let (answer, took) = timed(store.get(lost[0], NOW)).await;
        assert!(outage::is_unavailable(&answer) && took.as_secs() < 2, "{answer:?} {took:?}");
        pause(1_000).await;
    }
    nodes[2].start();
    eventually(async || store.get(lost[0], NOW).await).await;
    assert_eq!(value(&store, lost[0]).await.as_deref(), Some(&b"x"[..]));
}

/// A slot's move from node to node, halted in the middle and then ended.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs three Redis: ./test stores"]
async fn cluster_slots_may_move() {
    let nodes = start().await;
    let store = open(&nodes).await;
    let (before, after) = (fresh(), fresh());
    put(&store, &before, b"before").await;
    let from = node_of(&nodes, &before);
    let to = (from + 1) % nodes.len();
    let slot = slot_of(&nodes, &before);
    set_slot(&nodes, to, &slot, "importing", from);
    set_slot(&nodes, from, &slot, "migrating", to);
    let port = nodes[to].port.to_string();
    let records = [records(&before), format!("{}:ends", records(&before))];
    let migrate = [
        "migrate",
        "127.0.0.1",
        &port,
        "",
        "0",
        "1000",
        "auth",
        PASSWORD,
        "keys",
        &records[0],
        &records[1],
    ];
    ask(&nodes, from, &migrate);
    // The old node asks to be left for the new one.
    assert_eq!(value(&store, &before).await.as_deref(), Some(&b"before"[..]));
    assert_eq!(store.swap(&before, 1, b"moved", None, NOW).await, Ok(true));
    for node in [to, from] {
        set_slot(&nodes, node, &slot, "node", to);
    }
    pause(100).await;
    assert_eq!(value(&store, &before).await.as_deref(), Some(&b"moved"[..]));
    put(&store, &after, b"after").await;
}

fn records(key: &store::Key) -> String {
    format!("auth:{{{}}}:test", key.owner.as_str())
}

fn ask(nodes: &[Server], node: usize, words: &[&str]) -> String {
    let port = nodes[node].port.to_string();
    let said = cli(&[&["-p", &port], words].concat()).unwrap();
    said.trim().to_owned()
}

fn slot_of(nodes: &[Server], key: &store::Key) -> String {
    ask(nodes, 0, &["cluster", "keyslot", &records(key)])
}

fn node_of(nodes: &[Server], key: &store::Key) -> usize {
    let has = |node: &usize| ask(nodes, *node, &["exists", &records(key)]) == "1";
    (0..nodes.len()).find(has).unwrap()
}

fn set_slot(nodes: &[Server], node: usize, slot: &str, state: &str, other: usize) {
    let id = ask(nodes, other, &["cluster", "myid"]);
    assert_eq!(ask(nodes, node, &["cluster", "setslot", slot, state, &id]), "OK");
}
