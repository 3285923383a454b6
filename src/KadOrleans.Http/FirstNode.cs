namespace KadOrleans.Http;

/// <summary>The first node of a network in words, for console and command line: that it is alone, and how others join.</summary>
internal static class FirstNode
{
    /// <summary>What others give to <c>--bootstrap</c> to join the node that listens there.</summary>
    public static string DescribeJoin(UdpEndpoint endpoint) => endpoint.IsUnicast
        ? $"--bootstrap {endpoint}"
        : string.Create(CultureInfo.InvariantCulture, $"--bootstrap HOST:{endpoint.Port}, with an address of its machine for HOST");

    /// <summary>That nodes are the first of their network. Of edges with their number.</summary>
    /// <param name="isCluster">Whether they are edges.</param>
    /// <param name="count">How many there are, at least one.</param>
    /// <param name="endpoint">Where one of them listens; null if that is not known.</param>
    public static string Describe(bool isCluster, int count, UdpEndpoint? endpoint)
    {
        var who = !isCluster ? "This node is the first of its network, and alone in it now."
            : count == 1 ? "The edge is the first node of its network, and alone in it now."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{count} edges have no bootstrap node: each is the first of a network of its own, and alone in it now. "
                    + $"Give them each other's addresses in Kad:Edge:Bootstrap.");
        return endpoint is { } known ? $"{who} Others join {(count == 1 ? "it" : "one of them")} by {DescribeJoin(known)}." : who;
    }

    /// <summary>That of all nodes of a DHT; null unless all of them are the first.</summary>
    public static string? Describe(IReadOnlyList<DhtNodeStatus> nodes) => AreAlone(nodes)
        ? Describe(nodes[0].Name.Length > 0, nodes.Count, nodes[0].Endpoints is [var endpoint, ..] ? endpoint : null)
        : null;

    /// <summary>Whether all nodes of a DHT are the first of their network, and nobody else is there.</summary>
    public static bool AreAlone(IReadOnlyList<DhtNodeStatus> nodes) => nodes.Count > 0 && nodes.All(node => node.IsFirst);
}
