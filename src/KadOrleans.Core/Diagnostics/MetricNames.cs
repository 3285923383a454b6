using System.Text.Json;

namespace KadOrleans.Core;

/// <summary>
/// Names of instruments, and the values of their tags, by OpenTelemetry's conventions: namespaces in the singular, values in snake_case. A
/// process can ask for the former ones before it makes its first instrument.
/// </summary>
internal static class MetricNames
{
    // For one release, with Kad:Telemetry:OldNames.
    private static readonly Dictionary<string, string> Former = new()
    {
        ["kad.edge.lease.count"] = "kad.edge.leases",
        ["kad.edge.lease.lost"] = "kad.edge.leases.lost",
        ["kad.node.connected"] = "kad.nodes.connected",
        ["kad.node.served"] = "kad.nodes.served",
        ["kad.proof.asked"] = "kad.proofs.asked",
        ["kad.proof.given"] = "kad.proofs.given",
        ["kad.request.deferred"] = "kad.requests.pending",
        ["kad.request.received"] = "kad.requests.received",
        ["kad.request.refused"] = "kad.requests.refused",
        ["kad.request.sent"] = "kad.requests.sent",
        ["kad.response.shortened"] = "kad.responses.shortened",
        ["kad.shard.batch.size"] = "kad.shard.batch",
        ["kad.shard.count"] = "kad.shards.count",
        ["kad.shard.split"] = "kad.shards.split",
        ["kad.silo.count"] = "kad.cluster.silos",
        ["kad.store.received"] = "kad.stores",
        ["kad.table.observation.dropped"] = "kad.table.observations.dropped",
        ["kad.table.observation.taken"] = "kad.table.observations",
        ["kad.value.changed"] = "kad.values.changed",
        ["kad.value.evicted"] = "kad.values.evicted",
        ["kad.value.held"] = "kad.values.held",
        ["kad.value.republished"] = "kad.values.republished",
        ["kad.value.size"] = "kad.values.size",
    };

    private static bool _areOld;

    /// <summary>Whether the process asked for the former names and values.</summary>
    public static bool AreOld => Volatile.Read(ref _areOld);

    /// <summary>The present and former names, where they differ.</summary>
    public static IReadOnlyDictionary<string, string> Renamed => Former;

    /// <summary>Has instruments that are made from now on have their former names and values.</summary>
    public static void UseOld() => Volatile.Write(ref _areOld, true);

    public static string Of(string name) => AreOld && Former.TryGetValue(name, out var old) ? old : name;

    /// <summary>A value of a tag: <c>TimedOut</c> is <c>timed_out</c>. It allocates: keep it.</summary>
    public static string Value<T>(T value)
        where T : struct, Enum => Value(value.ToString());

    /// <summary>The same of a name in PascalCase.</summary>
    public static string Value(string name) => AreOld ? name : JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>A tag for each value of an enum whose numbers are 0, 1, 2 and so on, at the place of that number.</summary>
    public static KeyValuePair<string, object?>[] Tags<T>(string tag)
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(value => KeyValuePair.Create(tag, (object?)Value(value)))];
}
