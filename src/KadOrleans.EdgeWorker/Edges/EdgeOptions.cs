using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Node;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>How an edge is set up; read from the section <c>Kad:Edge</c> by <see cref="EdgeOptionsReader"/>.</summary>
public sealed record EdgeOptions
{
    /// <summary>The most node ids that one edge serves.</summary>
    public const int MaxNodeIds = 64;

    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 128;

    /// <summary>The port of the network's other nodes.</summary>
    public const ushort DefaultPort = 8468;

    /// <summary>
    /// The stable name that the node ids belong to, 1 to 128 characters. Default: the machine's name, which in Kubernetes is
    /// the pod's. Two processes of one name fence each other.
    /// </summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>Where each node id listens, 1 to 64, in the order of the lease. Default: 0.0.0.0:8468.</summary>
    public IReadOnlyList<UdpEndpoint> Listen { get; init; } = [UdpEndpoint.FromIPv4(0, DefaultPort)];

    /// <summary>Nodes to join the network through, each as HOST:PORT. Default: none, the first edge of a network.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>
    /// Address ranges in CIDR form whose nodes are exempt from rate limits, byte budgets, quotas and proofs of their address. Default: none.
    /// </summary>
    public IReadOnlyList<string> Trust { get; init; } = [];

    /// <summary>Bytes of answers per second, for each node id.</summary>
    public UploadLimits Upload { get; init; } = new();

    /// <summary>How many node ids the edge serves.</summary>
    public int NodeIds => Listen.Count;

    /// <summary>The engine's options for each of the ids.</summary>
    internal KadNodeOptions ToNodeOptions()
    {
        var options = new KadNodeOptions { Upload = Upload };
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
}
