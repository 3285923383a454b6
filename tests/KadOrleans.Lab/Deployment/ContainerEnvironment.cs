using Microsoft.Extensions.Configuration;

namespace KadOrleans.Lab;

/// <summary>The environment variables that a pod's only container gets.</summary>
public static class ContainerEnvironment
{
    private static readonly Dictionary<string, string> GatewayKey = new() { ["Kad__Cluster__GatewayKey"] = KeyFiles.Create() };
    private static readonly Dictionary<string, string> Database = new() { ["Kad__PostgreSql__ConnectionString"] = "Host=db" };

    // What the Secrets hold that docs/install.md tells operators to make. A pod can read those of its own namespace only.
    private static readonly Dictionary<(string? Space, string Name), Dictionary<string, string>> Secrets = new()
    {
        [("kad", "kad-dashboard")] = new() { ["Kad__Dashboard__User"] = "kad", ["Kad__Dashboard__Password"] = "secret" },
        [("kad", "kad-gateway-key")] = GatewayKey,
        [("kad-edge", "kad-gateway-key")] = GatewayKey,
        [("kad", "kad-silo-key")] = new() { ["Kad__Cluster__SiloKey"] = KeyFiles.Create() },
        [("kad", "kad-postgres")] = Database,
        [("kad-edge", "kad-postgres")] = Database,
    };

    // What the downward API tells a pod.
    private static readonly Dictionary<string, string> Fields = new()
    {
        ["status.podIP"] = "10.1.2.3",
        ["metadata.name"] = "pod-0",
        ["spec.nodeName"] = "node-1",
    };

    /// <summary>Names and values, in the order of Kubernetes: what is named by itself goes over what comes in groups.</summary>
    public static Dictionary<string, string> Of(Manifests manifests, JsonObject workload)
    {
        var container = workload.Container();
        return container.Entries("envFrom").SelectMany(source => Group(manifests, workload, source))
            .Concat(container.Entries("env").Select(variable => KeyValuePair.Create(
                variable.Text("name")!, variable.Text("value") ?? Referred(workload, variable.At("valueFrom")!))))
            .GroupBy(variable => variable.Key).ToDictionary(variables => variables.Key, variables => variables.Last().Value);
    }

    public static IConfigurationRoot AsConfiguration(Dictionary<string, string> variables) => new ConfigurationBuilder()
        .AddInMemoryCollection(variables.Select(v =>
            KeyValuePair.Create<string, string?>(v.Key.Replace("__", ":", StringComparison.Ordinal), v.Value)))
        .Build();

    /// <summary>The variables of a workload as its executable reads them.</summary>
    public static IConfigurationRoot Read(Manifests manifests, JsonObject workload) => AsConfiguration(Of(manifests, workload));

    private static string Referred(JsonObject workload, JsonNode source) => source.Text("secretKeyRef.name") is { } secret
        ? Secrets[(workload.Text("metadata.namespace"), secret)][source.Text("secretKeyRef.key")!]
        : Fields[source.Text("fieldRef.fieldPath")!];

    private static Dictionary<string, string> Group(Manifests manifests, JsonObject workload, JsonNode source)
    {
        if (source.Text("secretRef.name") is { } secret)
        {
            return Secrets[(workload.Text("metadata.namespace"), secret)];
        }

        var map = manifests.One("ConfigMap", source.Text("configMapRef.name")!);
        Assert.Equal(workload.Text("metadata.namespace"), map.Text("metadata.namespace"));
        return map.Pairs("data");
    }
}
