using System.Diagnostics;
using System.Reflection;

namespace KadOrleans.Http;

// What the first page shows: the process's health in words, the node or the first MaxNodes live edges with the contacts of all.
// The silos are null of a node. It is unserved if a cluster has had edges and none is live. The sweep is that of all nodes together, null if none of
// them tells. The network's size is the middle of what the nodes' lookups estimate. The rates are null before the
// second sample. Each alarm has a line. The series is for drawings.
internal sealed record Overview(
    DateTimeOffset At,
    bool IsReady,
    string Words,
    IReadOnlyList<OverviewNode> Nodes,
    int NodeCount,
    int Contacts,
    OverviewSilos? Silos,
    bool IsUnserved,
    double? NetworkSize,
    SweepProgress? Sweep,
    string Release,
    DateTimeOffset StartedAt,
    OverviewRates? Rates,
    IReadOnlyList<Alarm> Alarms,
    OverviewSeries Series)
{
    public const int MaxNodes = 100;

    private static readonly string RunningRelease =
        typeof(Overview).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static readonly DateTimeOffset ProcessStart = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    private static readonly TimeSpan RateWindow = TimeSpan.FromMinutes(1);

    /// <summary>Judges samples, at least one, the oldest first. The nodes are null if nobody could be asked.</summary>
    public static Overview Of(
        Health health,
        IReadOnlyList<DhtNodeStatus>? nodes,
        IReadOnlyList<CountsAt> samples,
        OverviewSilos? silos = null,
        OverviewEdges? edges = null)
    {
        var last = samples[^1];
        var begin = samples.First(sample => last.At - sample.At <= RateWindow);
        var known = nodes ?? [];
        return new Overview(
            last.At,
            health.IsReady,
            Describe(health, nodes),
            [.. known.OrderBy(node => node.Name, StringComparer.Ordinal).Take(MaxNodes).Select(OverviewNode.Of)],
            known.Count,
            known.Sum(node => node.Contacts),
            silos,
            nodes is [] && edges is { Known: > 0, Live: 0 },
            SizeOf(known),
            SweepProgress.Combine(known.Select(node => node.Sweep)),
            RunningRelease,
            ProcessStart,
            last.At > begin.At ? OverviewRates.Between(begin, last) : null,
            Alarm.Judge(health, nodes, silos, edges, samples),
            OverviewSeries.Of(samples));
    }

    // Edges estimate the same network: the middle one is least moved by one that was cut off.
    private static double? SizeOf(IReadOnlyList<DhtNodeStatus> nodes) =>
        nodes.Select(node => node.NetworkSize).OfType<double>().Order().ToList() is { Count: > 0 } sizes
            ? Math.Round(sizes[sizes.Count / 2])
            : null;

    private static string Describe(Health health, IReadOnlyList<DhtNodeStatus>? nodes) => (health, nodes) switch
    {
        ({ IsReady: false }, _) => $"Not ready: {health.Status}.{(health.Reason is { } reason ? " " + reason : string.Empty)}",
        (_, null) => "Ready, but the status of the nodes is unknown.",
        ({ Reason: { } reason }, _) => $"Ready. {reason}",
        (_, []) => "Ready, but without an edge: nothing is served to the network.",
        _ when FirstNode.Describe(nodes) is { } first => $"Ready. {first}",
        (_, [{ Name: "", Contacts: 0 }]) => "Ready. The node has no contacts yet.",
        (_, [{ Name: "", Contacts: var contacts }]) => $"Ready. The node serves the network and has {Count(contacts, "contact")}.",
        _ => $"Ready. {Count(nodes.Count, "edge")} {(nodes.Count == 1 ? "serves" : "serve")} the network with {Count(nodes.Sum(node => node.Contacts), "contact")}.",
    };

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? string.Empty : "s")}";
}

/// <summary>A node, whose name is empty, or an edge with its node ids.</summary>
internal sealed record OverviewNode(string Name, IReadOnlyList<NodeId> Ids, IReadOnlyList<UdpEndpoint> Endpoints, int Contacts)
{
    public static OverviewNode Of(DhtNodeStatus node) => new(VisibleText.Show(node.Name), node.Ids, node.Endpoints, node.Contacts);
}

/// <summary>A cluster's silos: how many run, how many of them are ready, and those that are missing, by name or address.</summary>
internal sealed record OverviewSilos(int Running, int Ready, IReadOnlyList<OverviewLostSilo> Lost)
{
    public static OverviewSilos Of(IReadOnlyList<SiloDetails> silos)
    {
        var running = silos.Where(silo => silo.State != "Dead").ToList();
        return new OverviewSilos(
            running.Count,
            running.Count(silo => silo.IsReady),
            [.. silos.Where(silo => silo.IsLost).Select(silo => new OverviewLostSilo(VisibleText.Show(NameOf(silo)), silo.EndedAt))]);
    }

    // A name that nobody gave it is a random one of Orleans.
    private static string NameOf(SiloDetails silo) =>
        silo.Name is { } name && !name.StartsWith("Silo_", StringComparison.Ordinal) ? name : silo.Address;
}

internal sealed record OverviewLostSilo(string Name, DateTimeOffset? EndedAt);

/// <summary>A cluster's edges: how many names it knows, how many of them are live, and those that are missing.</summary>
internal sealed record OverviewEdges(int Known, int Live, IReadOnlyList<OverviewLostEdge> Lost)
{
    public static OverviewEdges Of(IReadOnlyList<EdgeDetails> edges, DateTimeOffset now) => new(
        edges.Count,
        edges.Count(edge => edge.State == EdgeLeaseState.Live),
        [.. edges.Where(edge => edge.IsLostAt(now)).Select(edge => new OverviewLostEdge(VisibleText.Excerpt(edge.Name), edge.LastSeen))]);
}

internal sealed record OverviewLostEdge(string Name, DateTimeOffset? LastSeen);
