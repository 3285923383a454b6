using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Node;
using KadOrleans.Node.Joining;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Hosting.Settings;

/// <summary>The options of an edge, from the section <c>Kad:Edge</c>.</summary>
internal sealed record EdgeOptions
{
    /// <summary>The most node ids that one edge serves.</summary>
    public const int MaxNodeIds = 64;

    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 128;

    /// <summary>The default UDP port of all nodes.</summary>
    public const ushort DefaultPort = 8468;

    /// <summary>
    /// The stable name that the node ids belong to, 1 to 128 characters. Default: the machine's name, which in Kubernetes is the pod's. Of
    /// two processes with one name only one can serve.
    /// </summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>The endpoint of each node id, 1 to 64, in the order of the lease. Default: 0.0.0.0:8468.</summary>
    public IReadOnlyList<UdpEndpoint> Listen { get; init; } = [UdpEndpoint.FromIPv4(0, DefaultPort)];

    /// <summary>Nodes to join the network through, each as HOST:PORT. Default: none, the first edge of a network.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>
    /// Address ranges in CIDR form whose nodes are exempt from rate limits, byte budgets, quotas and proofs of their address. Default: none.
    /// </summary>
    public IReadOnlyList<string> Trust { get; init; } = [];

    /// <summary>The limits on bytes of responses per second, for each node id.</summary>
    public UploadLimits Upload { get; init; } = new();

    /// <summary>
    /// The greatest age of what the edge answers by without asking the cluster. A value stored or changed through another edge is found
    /// through this one after this time at the latest. 1 s to 1 min; longer needs fewer calls. Zero: every request asks the cluster.
    /// Default 2 s.
    /// </summary>
    public TimeSpan MaxStaleness { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The same for remote nodes' FIND_VALUE while a key's silo does not respond. 1 s to 5 min; below <see cref="MaxStaleness"/> it changes
    /// nothing, as does zero. Default 30 s: longer than it takes to find a dead silo and to start its grains on others.
    /// </summary>
    public TimeSpan MaxOutageStaleness { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The number of node ids that the edge serves.</summary>
    public int NodeIds => Listen.Count;

    /// <summary>The engine's options for each id.</summary>
    /// <param name="kademlia">The cluster's constants.</param>
    public KadNodeOptions ToNodeOptions(KademliaOptions kademlia)
    {
        var options = new KadNodeOptions { Upload = Upload, Kademlia = kademlia };
        foreach (var node in Bootstrap)
        {
            options.Bootstrap.Add(node);
        }

        foreach (var range in Trust)
        {
            options.Trust.Add(range);
        }

        return options;
    }

    /// <summary>Reads the section <c>Kad:Edge</c>. A list is one text with commas, or one key for each entry.</summary>
    /// <exception cref="OptionsValidationException">
    /// Settings are wrong. One sentence for each, with its value and what is allowed.
    /// </exception>
    public static EdgeOptions Read(IConfiguration configuration)
    {
        var section = new KadSection(configuration);
        var options = Read(section);
        section.ThrowIfWrong();
        return options;
    }

    /// <summary>Reads the section, and notes mistakes.</summary>
    internal static EdgeOptions Read(KadSection section) => new()
    {
        Name = section.Read(
            "Edge:Name", Environment.MachineName, $"1 to {MaxNameLength} printable characters are needed", TryName),
        Listen = ReadListen(section),
        Bootstrap = ReadBootstrap(section),
        Trust = ReadTrust(section),
        MaxStaleness = section.Read(
            "Edge:MaxStaleness",
            new EdgeOptions().MaxStaleness,
            "a time of 00:00:01 to 00:01:00, or 0, is allowed",
            (string text, out TimeSpan time) => TryStaleness(text, TimeSpan.FromMinutes(1), out time)),
        MaxOutageStaleness = section.Read(
            "Edge:MaxOutageStaleness",
            new EdgeOptions().MaxOutageStaleness,
            "a time of 00:00:01 to 00:05:00, or 0, is allowed",
            (string text, out TimeSpan time) => TryStaleness(text, TimeSpan.FromMinutes(5), out time)),
        Upload = new UploadLimits
        {
            PerEndpoint = ReadBytes(section, "Edge:UploadPerEndpoint", new UploadLimits().PerEndpoint),
            Total = ReadBytes(section, "Edge:Upload", new UploadLimits().Total),
        },
    };

    private static bool TryStaleness(string text, TimeSpan longest, out TimeSpan time) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time)
        && (time == TimeSpan.Zero || (time >= TimeSpan.FromSeconds(1) && time <= longest));

    private static bool TryName(string text, out string name)
    {
        name = text;
        return text.Length <= MaxNameLength && !text.Any(char.IsControl);
    }

    private static long ReadBytes(KadSection section, string key, long missing) => section.Read(
        key,
        missing,
        UploadLimits.Allowed,
        (string text, out long bytes) =>
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && UploadLimits.IsValid(bytes));

    private static IReadOnlyList<string> ReadBootstrap(KadSection section)
    {
        var nodes = section.List("Edge:Bootstrap");
        foreach (var node in nodes)
        {
            if (!HostAddress.TryParse(node, out _, out var problem))
            {
                section.Add($"{section.Name("Edge:Bootstrap")}: {problem}");
            }
        }

        return nodes;
    }

    private static IReadOnlyList<string> ReadTrust(KadSection section)
    {
        var ranges = section.List("Edge:Trust");
        foreach (var range in ranges.Where(range => !AddressRange.TryParse(range, out _)))
        {
            section.Add("Edge:Trust", range, "an address range such as 10.0.0.0/8 or fd00::/8 is needed");
        }

        return ranges;
    }

    private static List<UdpEndpoint> ReadListen(KadSection section)
    {
        const string key = "Edge:Listen";
        var listed = new List<UdpEndpoint>();
        foreach (var text in section.List(key))
        {
            if (!UdpEndpoint.TryParse(text, out var endpoint))
            {
                section.Add(key, text, "IP:PORT is needed, such as 0.0.0.0:8468, with a port of 1 to 65535, or 0 for any free one");
                return listed;
            }

            listed.Add(endpoint);
        }

        var count = section.Integer("Edge:NodeIds", Math.Max(1, listed.Count), 1, MaxNodeIds);
        if (listed.Count == 0)
        {
            listed.Add(UdpEndpoint.FromIPv4(0, DefaultPort));
        }

        if (FindMisfit(listed, count) is { } misfit)
        {
            section.Add($"{section.Name(key)} {misfit}.");
            return listed;
        }

        // One endpoint for each id: the listed ones, or consecutive ports from a single one.
        return listed.Count == count
            ? listed
            : [.. Enumerable.Range(0, count).Select(i => listed[0].Port == 0 ? listed[0] : listed[0].WithPort((ushort)(listed[0].Port + i)))];
    }

    private static string? FindMisfit(List<UdpEndpoint> listed, int count)
    {
        if (listed.Count > MaxNodeIds)
        {
            return $"has {listed.Count} entries; at most {MaxNodeIds} are allowed";
        }

        if (listed.Count == count)
        {
            return listed.Where(e => e.Port != 0).GroupBy(e => e).FirstOrDefault(g => g.Count() > 1) is { Key: var twice }
                ? $"has {twice} more than once; each node id needs an address and port of its own"
                : null;
        }

        if (listed.Count > 1)
        {
            return $"has {listed.Count} entries for {count} node ids; one is needed, whose port is the first of as many, or one for each";
        }

        var first = listed[0];
        return first.Port != 0 && first.Port + count - 1 > ushort.MaxValue
            ? $"is '{first}'; {count} ports from {first.Port} on go beyond 65535"
            : null;
    }
}
