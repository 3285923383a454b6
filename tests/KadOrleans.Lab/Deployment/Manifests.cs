namespace KadOrleans.Lab;

/// <summary>All that one overlay puts into a cluster. The base alone can be read without kubectl.</summary>
public sealed class Manifests
{
    private const string Folder = "infra/kubernetes";

    private static readonly Dictionary<string, Lazy<Manifests>> Known = new()
    {
        ["base"] = new(ReadBase),
        ["azure"] = new(() => Render($"{Folder}/overlays/azure")),
        ["postgres"] = new(() => Render($"{Folder}/overlays/postgres")),
    };

    private Manifests(IEnumerable<JsonObject> resources) => All = [.. resources];

    public static IEnumerable<TheoryDataRow<string>> Names =>
        Known.Keys.Select(name => new TheoryDataRow<string>(name) { Skip = name == "base" ? null : Machine.Missing(Need.Kubectl) });

    public IReadOnlyList<JsonObject> All { get; }

    public JsonObject Silo => One("Deployment", "kad-silo");

    public JsonObject Edge => One("StatefulSet", "kad-edge");

    public IReadOnlyList<JsonObject> SiloAndEdge => [Silo, Edge];

    /// <summary>All that run pods: also what keeps telemetry.</summary>
    public IReadOnlyList<JsonObject> Workloads => [.. All.Where(r => r.At("spec.template.spec") is not null)];

    public static Manifests Of(string name) => Known[name].Value;

    public static Manifests Render(string folder) => new(Yaml.Documents(Kubectl.Kustomize(Repository.Path(folder))));

    /// <summary>The only resource of that kind and name, whatever hash kustomize added to it.</summary>
    public JsonObject One(string kind, string name) => Assert.Single(OfKind(kind), r => r.Text("metadata.name") == name);

    public IEnumerable<JsonObject> OfKind(string kind) => All.Where(r => r.Text("kind") == kind);

    // What kustomize does to the base, as far as the tests ask: the namespace, and settings from .env files.
    private static Manifests ReadBase() => new(new[] { "silo", "edge" }.SelectMany(part =>
    {
        var folder = Repository.Path($"{Folder}/base/{part}");
        var kustomization = Assert.Single(Yaml.Documents(File.ReadAllText(Path.Combine(folder, "kustomization.yaml"))));
        var resources = kustomization.Texts("resources")
            .SelectMany(file => Yaml.Documents(File.ReadAllText(Path.Combine(folder, file))))
            .Append(Settings(folder, kustomization))
            .ToList();
        foreach (var metadata in resources.Where(r => r.Text("kind") != "Namespace").Select(r => r.At("metadata")!))
        {
            metadata["namespace"] = kustomization.Text("namespace");
        }

        return resources;
    }));

    private static JsonObject Settings(string folder, JsonObject kustomization)
    {
        var file = kustomization.Text("configMapGenerator.0.envs.0")!;
        var lines = File.ReadAllLines(Path.Combine(folder, file)).Where(line => line.Length > 0 && line[0] != '#');
        return new JsonObject
        {
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = kustomization.Text("configMapGenerator.0.name") },
            ["data"] = new JsonObject(lines.Select(line => line.Split('=', 2))
                .Select(pair => KeyValuePair.Create(pair[0], (JsonNode?)JsonValue.Create(pair[1])))),
        };
    }
}

/// <summary>The parts of a workload.</summary>
public static class WorkloadParts
{
    public static JsonNode Pod(this JsonNode workload) => workload.At("spec.template.spec")!;

    /// <summary>The pods' only container.</summary>
    public static JsonNode Container(this JsonNode workload) => Assert.Single(workload.Pod().Entries("containers"));

    /// <summary>The labels by which its pods are found.</summary>
    public static Dictionary<string, string> Labels(this JsonNode workload) => workload.Pairs("spec.selector.matchLabels");
}
