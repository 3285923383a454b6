namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A client in the test's own process, which asks over UDP and knows the network through one node.</summary>
internal static class NetworkClient
{
    public static Task<KadNode> JoinAsync(IPEndPoint via) => EdgeRole.Peer.JoinedAsync(via.ToEndpoint());

    // On a loaded machine a lookup ends without late nodes. A cold cluster's first STORE waits too long for its shard.
    public static Task SetUntilStoredAsync(this KadNode client, NodeId key, DhtValue value, int nodes) =>
        Eventually.ReadAsync(() => client.SetAsync(key, value), set => set.Stored >= nodes);

    /// <summary>Gets a value. On a loaded machine a lookup ends before its nodes respond.</summary>
    public static async Task<DhtValue?> GetUntilFoundAsync(this KadNode client, NodeId key) =>
        (await Eventually.ReadAsync(() => client.GetAsync(key), got => got.Found)).Value;

    public static UdpEndpoint ToEndpoint(this IPEndPoint address) => UdpEndpoint.FromIPAddress(address.Address, address.Port);
}
