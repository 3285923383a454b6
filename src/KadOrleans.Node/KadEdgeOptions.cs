namespace KadOrleans.Node;

/// <summary>
/// The options of an edge: a node of a Kademlia network whose routing table and values are in a cluster. KadOrleans.Edge runs it.
/// </summary>
public class KadEdgeOptions
{
    private const int MaxNodeIds = 64;
    private const int MaxNameLength = 128;

    private static readonly UdpEndpoint DefaultListen = UdpEndpoint.FromIPv4(0, 8468);

    private IReadOnlyList<UdpEndpoint>? _endpoints;

    /// <summary>
    /// The stable name of the node ids, 1 to 128 printable characters. Default: the machine's, in Kubernetes the pod's. Only one process at a
    /// time can serve it.
    /// </summary>
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>The number of node ids, 1 to 64. Default: one for each entry of <see cref="Listen"/>.</summary>
    [Within(1, MaxNodeIds)]
    public int? NodeIds { get; set; }

    /// <summary>One IP:PORT for each node id, or a single IP:PORT from which the ids take consecutive ports. Default: 0.0.0.0:8468.</summary>
    public IList<string> Listen { get; } = [];

    /// <summary>Nodes to join the network through, each as HOST:PORT. Default: none, the first edge of a network.</summary>
    public IList<string> Bootstrap { get; } = [];

    /// <summary>
    /// Address ranges in CIDR form whose nodes are exempt from rate limits, byte budgets, quotas and proofs of their address. Default: none.
    /// </summary>
    public IList<string> Trust { get; } = [];

    /// <summary>Bytes of responses per second to one endpoint: 16,384 to 10^12, or 0 for no bound. Default: 1,000,000.</summary>
    [Within(UploadLimits.Least, UploadLimits.Most, OrZero = true)]
    public long UploadPerEndpoint { get; set; } = new UploadLimits().PerEndpoint;

    /// <summary>Bytes of responses per second to all endpoints, for each node id: 16,384 to 10^12, or 0 for no bound. Default: 0.</summary>
    [Within(UploadLimits.Least, UploadLimits.Most, OrZero = true)]
    public long Upload { get; set; } = new UploadLimits().Total;

    /// <summary>
    /// The greatest age of the data that the edge responds with before it asks the cluster again: 1 s to 1 min, default 2 s. A value stored or
    /// changed through another edge is found through this one after this time at the latest. A longer time needs fewer calls. Zero: every
    /// request asks the cluster.
    /// </summary>
    [Within("00:00:01", "00:01:00", OrZero = true)]
    public TimeSpan MaxStaleness { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The same for remote nodes' FIND_VALUE while a key's silo does not respond: 1 s to 5 min, default 30 s, which is longer than it takes to
    /// find a dead silo and to start its grains on others. Below <see cref="MaxStaleness"/> it changes nothing, as does zero.
    /// </summary>
    [Within("00:00:01", "00:05:00", OrZero = true)]
    public TimeSpan MaxOutageStaleness { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether a STORE without a write token may only store new keys and renew. Default: false.</summary>
    public bool RequireTokens { get; set; }

    /// <summary>
    /// How many values of known authors all STOREs without a write token that come in here may change in any hour: 0 to 1,000,000. Default: 60.
    /// </summary>
    [Within(0, 1_000_000)]
    public int ChangesWithoutToken { get; set; } = new KadNodeOptions().ChangesWithoutToken;

    /// <summary>The endpoint of each node id, 1 to 64, in the order of the lease.</summary>
    internal IReadOnlyList<UdpEndpoint> Endpoints => _endpoints ??= Expand();

    /// <summary>The options of the node of each id: this section, with the parameters of Kademlia given.</summary>
    internal KadNodeOptions ToNodeOptions(KademliaOptions kademlia)
    {
        var options = new KadNodeOptions
        {
            Upload = new UploadLimits { PerEndpoint = UploadPerEndpoint, Total = Upload },
            Kademlia = kademlia,
            RequireTokens = RequireTokens,
            ChangesWithoutToken = ChangesWithoutToken,
        };
        Bootstrap.ToList().ForEach(options.Bootstrap.Add);
        Trust.ToList().ForEach(options.Trust.Add);
        return options;
    }

    // All but the key, which silos and edges check alike. The section stands before each name, with its separator.
    internal void Check(OptionChecks checks, string section)
    {
        if (Name is not { Length: > 0 and <= MaxNameLength } || Name.Any(char.IsControl))
        {
            checks.Add(section + "Name", Name ?? string.Empty, $"1 to {MaxNameLength} printable characters are needed");
        }

        CheckListen(checks, section + nameof(Listen), section + nameof(NodeIds));
        foreach (var node in Bootstrap)
        {
            if (!HostAddress.TryParse(node, out _, out var problem))
            {
                checks.Problems.Add($"{checks.Name($"{section}Bootstrap")}: {problem}");
            }
        }

        checks.CheckRanges(Trust, section + "Trust");
        checks.CheckBounds(this, section);
    }

    private void CheckListen(OptionChecks checks, string setting, string idsSetting)
    {
        if (Listen.FirstOrDefault(text => !UdpEndpoint.TryParse(text, out _)) is { } wrong)
        {
            checks.Add(setting, wrong, UdpEndpoint.Needed);
            return;
        }

        var count = NodeIds ?? Math.Max(1, Listen.Count);
        if (NodeIds is null)
        {
            checks.Within(idsSetting, count, 1, MaxNodeIds);
        }

        if (Listen.Count > 1 && Listen.Count != count)
        {
            checks.Add(setting, string.Join(',', Listen), $"{count} node ids need one IP:PORT each, or a single one from which they take consecutive ports");
        }
        else if (First.Port != 0 && First.Port + count - Math.Max(1, Listen.Count) > ushort.MaxValue)
        {
            checks.Add(setting, $"{First}", $"{count} ports are needed, of which the last is at most 65535");
        }
        else if (Listen.Select(UdpEndpoint.Parse).Where(e => e.Port != 0).GroupBy(e => e).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
        {
            checks.Add(setting, string.Join(',', Listen), $"{twice} is there more than once, and each node id needs an endpoint of its own");
        }
    }

    private UdpEndpoint First => Listen.Count == 0 ? DefaultListen : UdpEndpoint.Parse(Listen[0]);

    private List<UdpEndpoint> Expand() => Listen.Count > 1
        ? [.. Listen.Select(UdpEndpoint.Parse)]
        : [.. Enumerable.Range(0, NodeIds ?? 1).Select(i => First.Port == 0 ? First : First.WithPort((ushort)(First.Port + i)))];
}
