//! The Kubernetes manifests: that what names something else names something that is there, and that the pods are as harmless as said.

use serde_json::Value;

use crate::files::{documents, in_folder, list, string};
use crate::shape::{Shape, strangers};

const FOLDER: &str = "deploy/kubernetes";

/// The fields of the API that the manifests use. One more that is used is one more here.
const SHAPE: &Shape = &[
    ("", &["apiVersion", "kind", "metadata", "spec", "data", "type", "stringData"]),
    ("metadata", &["name", "labels"]),
    ("metadata.labels", &["*"]),
    ("data", &["*"]),
    ("stringData", &["*"]),
    (
        "spec",
        &[
            // StatefulSet
            "replicas",
            "serviceName",
            "podManagementPolicy",
            "updateStrategy",
            "minReadySeconds",
            "revisionHistoryLimit",
            "template",
            // Service
            "clusterIP",
            "publishNotReadyAddresses",
            "ports",
            // PodDisruptionBudget
            "maxUnavailable",
            "unhealthyPodEvictionPolicy",
            // NetworkPolicy
            "podSelector",
            "policyTypes",
            "ingress",
            "egress",
            // several
            "selector",
        ],
    ),
    ("spec.updateStrategy", &["type"]),
    ("spec.selector", &["*"]),
    ("spec.podSelector", &["matchLabels"]),
    ("spec.podSelector.matchLabels", &["*"]),
    ("spec.ports", &["name", "port", "targetPort"]),
    ("spec.ingress", &["from", "ports"]),
    ("spec.egress", &["to", "ports"]),
    ("spec.*.from", &["podSelector", "namespaceSelector"]),
    ("spec.*.to", &["podSelector", "namespaceSelector"]),
    ("spec.*.*.podSelector", &["matchLabels"]),
    ("spec.*.*.namespaceSelector", &["matchLabels"]),
    ("spec.*.*.*.matchLabels", &["*"]),
    ("spec.*.ports", &["protocol", "port", "endPort"]),
    ("spec.template", &["metadata", "spec"]),
    ("spec.template.metadata", &["labels", "annotations"]),
    ("spec.template.metadata.*", &["*"]),
    (
        "spec.template.spec",
        &[
            "terminationGracePeriodSeconds",
            "automountServiceAccountToken",
            "enableServiceLinks",
            "securityContext",
            "topologySpreadConstraints",
            "containers",
            "volumes",
        ],
    ),
    ("spec.template.spec.securityContext", &["runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile"]),
    ("spec.template.spec.securityContext.seccompProfile", &["type"]),
    ("spec.template.spec.topologySpreadConstraints", &["maxSkew", "topologyKey", "whenUnsatisfiable", "labelSelector"]),
    ("spec.template.spec.topologySpreadConstraints.labelSelector", &["matchLabels"]),
    ("spec.template.spec.topologySpreadConstraints.labelSelector.matchLabels", &["*"]),
    (
        "spec.template.spec.containers",
        &[
            "name",
            "image",
            "imagePullPolicy",
            "args",
            "ports",
            "env",
            "volumeMounts",
            "startupProbe",
            "readinessProbe",
            "livenessProbe",
            "resources",
            "securityContext",
        ],
    ),
    ("spec.template.spec.containers.ports", &["name", "containerPort"]),
    ("spec.template.spec.containers.env", &["name", "value", "valueFrom"]),
    ("spec.template.spec.containers.env.valueFrom", &["fieldRef", "secretKeyRef"]),
    ("spec.template.spec.containers.env.valueFrom.fieldRef", &["fieldPath"]),
    ("spec.template.spec.containers.env.valueFrom.secretKeyRef", &["name", "key"]),
    ("spec.template.spec.containers.volumeMounts", &["name", "mountPath", "readOnly"]),
    ("spec.template.spec.containers.resources", &["requests", "limits"]),
    ("spec.template.spec.containers.resources.*", &["cpu", "memory"]),
    (
        "spec.template.spec.containers.securityContext",
        &["allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"],
    ),
    ("spec.template.spec.containers.securityContext.capabilities", &["drop"]),
    ("spec.template.spec.containers.*", &["httpGet", "periodSeconds", "timeoutSeconds", "failureThreshold"]),
    ("spec.template.spec.containers.*.httpGet", &["path", "port"]),
    ("spec.template.spec.volumes", &["name", "configMap"]),
    ("spec.template.spec.volumes.configMap", &["name", "items"]),
    ("spec.template.spec.volumes.configMap.items", &["key", "path"]),
];

/// All documents of all manifests, the example of the Secret among them.
fn manifests() -> Vec<Value> {
    let mut files = in_folder(FOLDER, ".yaml");
    files.extend(in_folder(FOLDER, ".yaml.example"));
    files.iter().flat_map(|file| documents(file)).collect()
}

fn of_kind<'a>(manifests: &'a [Value], kind: &str) -> Vec<&'a Value> {
    manifests.iter().filter(|manifest| manifest["kind"] == kind).collect()
}

fn the<'a>(manifests: &'a [Value], kind: &str) -> &'a Value {
    let all = of_kind(manifests, kind);
    assert_eq!(all.len(), 1, "one {kind}");
    all[0]
}

/// The StatefulSet's pod, and its one container.
fn pod(manifests: &[Value]) -> (&Value, &Value) {
    let set = the(manifests, "StatefulSet");
    let containers = list(set, "/spec/template/spec/containers");
    assert_eq!(containers.len(), 1, "one container");
    (&set["spec"]["template"], &containers[0])
}

/// The configuration in the ConfigMap.
pub fn configuration() -> String {
    let manifests = manifests();
    string(the(&manifests, "ConfigMap"), "/data/klantreis.yaml").to_owned()
}

#[test]
fn every_manifest_is_of_a_known_kind_and_holds_nothing_strange() {
    const KINDS: [(&str, &str); 6] = [
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("v1", "Service"),
        ("apps/v1", "StatefulSet"),
        ("policy/v1", "PodDisruptionBudget"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
    ];
    let manifests = manifests();
    for manifest in &manifests {
        let kind = (string(manifest, "/apiVersion"), string(manifest, "/kind"));
        assert!(KINDS.contains(&kind), "{kind:?}");
        assert_eq!(strangers(manifest, SHAPE), Vec::<String>::new(), "{kind:?}");
        assert_eq!(string(manifest, "/metadata/labels/app.kubernetes.io~1name"), "klantreis", "{kind:?}");
        assert!(manifest.pointer("/metadata/namespace").is_none(), "{kind:?}: the namespace is the reader's choice");
    }
    for (_, kind) in KINDS {
        assert!(!of_kind(&manifests, kind).is_empty(), "a {kind} is there");
    }
}

#[test]
fn every_selector_matches_the_labels_of_the_pods() {
    let manifests = manifests();
    let (template, _) = pod(&manifests);
    let labels = &template["metadata"]["labels"];
    let mut selectors: Vec<&Value> = Vec::new();
    for manifest in &manifests {
        let spec = &manifest["spec"];
        let found = match string(manifest, "/kind") {
            "Service" => &spec["selector"],
            "StatefulSet" | "PodDisruptionBudget" => &spec["selector"]["matchLabels"],
            "NetworkPolicy" => &spec["podSelector"]["matchLabels"],
            _ => continue,
        };
        selectors.push(found);
    }
    for constraint in list(&template["spec"], "/topologySpreadConstraints") {
        selectors.push(&constraint["labelSelector"]["matchLabels"]);
    }
    assert_eq!(selectors.len(), 7);
    for selector in selectors {
        let wanted = selector.as_object().expect("a selector is an object");
        assert!(!wanted.is_empty(), "an empty selector takes everything");
        for (label, value) in wanted {
            assert_eq!(labels.get(label), Some(value), "{label}");
        }
    }
}

#[test]
fn every_port_that_is_named_is_one_of_the_containers() {
    let manifests = manifests();
    let (template, container) = pod(&manifests);
    let ports = list(container, "/ports");
    let known = |port: &Value| ports.iter().any(|p| p["name"] == *port || p["containerPort"] == *port);
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert!(known(&container[probe]["httpGet"]["port"]), "{probe}");
    }
    for service in of_kind(&manifests, "Service") {
        for port in list(service, "/spec/ports") {
            assert!(known(&port["targetPort"]), "{port}");
        }
    }
    for rule in list(the(&manifests, "NetworkPolicy"), "/spec/ingress") {
        for port in list(rule, "/ports") {
            assert!(known(&port["port"]), "{port}");
        }
    }
    let annotated = string(template, "/metadata/annotations/prometheus.io~1port");
    let metrics = ports.iter().find(|port| port["name"] == "metrics").expect("a port for metrics");
    assert_eq!(metrics["containerPort"].to_string(), annotated);
    let configuration: Value = serde_saphyr::from_str(&configuration()).expect("the configuration is YAML");
    for (key, name) in [("listen", "http"), ("metrics_listen", "metrics")] {
        let address = string(&configuration, &format!("/http/{key}"));
        let port = ports.iter().find(|port| port["name"] == name).expect("each address has its port");
        assert!(address.ends_with(&format!(":{}", port["containerPort"])), "{key}");
    }
}

#[test]
fn liveness_and_readiness_ask_different_things() {
    let manifests = manifests();
    let (_, container) = pod(&manifests);
    for (probe, path) in [("startupProbe", "/livez"), ("readinessProbe", "/readyz"), ("livenessProbe", "/livez")] {
        assert_eq!(container[probe]["httpGet"]["path"], path, "{probe}");
    }
}

#[test]
fn everything_the_pod_mounts_or_reads_is_there() {
    let manifests = manifests();
    let (template, container) = pod(&manifests);
    let config_map = the(&manifests, "ConfigMap");
    let volumes = list(&template["spec"], "/volumes");
    for volume in volumes {
        assert_eq!(volume["configMap"]["name"], config_map["metadata"]["name"]);
        for item in list(volume, "/configMap/items") {
            assert!(config_map["data"].get(string(item, "/key")).is_some(), "{item}");
        }
    }
    for mount in list(container, "/volumeMounts") {
        assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{mount}");
    }
    let secret = the(&manifests, "Secret");
    let configuration = configuration();
    for variable in list(container, "/env") {
        if let Some(reference) = variable.pointer("/valueFrom/secretKeyRef") {
            assert_eq!(reference["name"], secret["metadata"]["name"]);
            assert!(secret["stringData"].get(string(reference, "/key")).is_some(), "{reference}");
        }
        let name = string(variable, "/name");
        assert!(
            configuration.contains(&format!("\"${{{name}}}\"")),
            "{name} is set, but the configuration does not read it"
        );
    }
    let mounted = string(&list(container, "/volumeMounts")[0], "/mountPath");
    let file = string(&list(&volumes[0], "/configMap/items")[0], "/path");
    assert!(
        list(container, "/args").iter().any(|arg| *arg == format!("{mounted}/{file}")),
        "run reads what is mounted"
    );
}

#[test]
fn an_instance_is_named_after_its_pod_which_keeps_its_name() {
    let manifests = manifests();
    let (_, container) = pod(&manifests);
    let name = list(container, "/env").iter().find(|v| v["name"] == "POD_NAME").expect("the pod's name is passed in");
    assert_eq!(string(name, "/valueFrom/fieldRef/fieldPath"), "metadata.name");
    let configuration: Value = serde_saphyr::from_str(&configuration()).expect("the configuration is YAML");
    assert_eq!(string(&configuration, "/kafka/instance"), "${POD_NAME}");
    let set = the(&manifests, "StatefulSet");
    let governing = of_kind(&manifests, "Service")
        .into_iter()
        .find(|service| service["metadata"]["name"] == set["spec"]["serviceName"])
        .expect("the service that names the pods is there");
    assert_eq!(governing["spec"]["clusterIP"], "None", "it is headless");
    assert_eq!(governing["spec"]["publishNotReadyAddresses"], true, "a pod has its name while it restores");
}

#[test]
fn a_pod_has_longer_to_end_than_the_service_takes_to_shut_down() {
    let manifests = manifests();
    let (template, _) = pod(&manifests);
    let grace = template["spec"]["terminationGracePeriodSeconds"].as_u64().expect("a grace period is set");
    let configuration: Value = serde_saphyr::from_str(&configuration()).expect("the configuration is YAML");
    let deadline = string(&configuration, "/shutdown/deadline");
    let seconds: u64 = deadline.strip_suffix('s').and_then(|n| n.parse().ok()).expect("a deadline in seconds");
    assert!(grace >= seconds + 10, "{grace} s, and the deadline is {deadline}");
}

#[test]
fn the_pod_keeps_to_the_restricted_standard_and_writes_no_disk() {
    let manifests = manifests();
    let (template, container) = pod(&manifests);
    let pod = &template["spec"]["securityContext"];
    assert_eq!(pod["runAsNonRoot"], true);
    assert_ne!(pod["runAsUser"], 0);
    assert_eq!(pod["seccompProfile"]["type"], "RuntimeDefault");
    let own = &container["securityContext"];
    assert_eq!(own["allowPrivilegeEscalation"], false);
    assert_eq!(own["readOnlyRootFilesystem"], true);
    assert_eq!(list(own, "/capabilities/drop"), ["ALL"]);
    assert_eq!(template["spec"]["automountServiceAccountToken"], false);
    let resources = &container["resources"];
    assert_eq!(resources["requests"]["memory"], resources["limits"]["memory"], "memory is never taken away again");
    let (_, tag) = string(container, "/image").rsplit_once(':').expect("the image has a tag");
    assert_eq!(tag, env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_example_of_the_secret_is_not_applied_by_accident_and_holds_no_secret() {
    let applied: Vec<Value> = in_folder(FOLDER, ".yaml").iter().flat_map(|file| documents(file)).collect();
    assert!(of_kind(&applied, "Secret").is_empty());
    let manifests = manifests();
    let secret = the(&manifests, "Secret");
    for (key, value) in secret["stringData"].as_object().expect("the keys are listed") {
        assert_eq!(value, "REPLACE-ME", "{key}");
    }
}
