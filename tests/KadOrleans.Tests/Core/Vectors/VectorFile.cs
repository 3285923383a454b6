namespace KadOrleans.Tests.Core;

/// <summary>Reads what was recorded from the network's other implementation.</summary>
internal static class VectorFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<T> Read<T>(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Vectors", name);
        return JsonSerializer.Deserialize<List<T>>(File.ReadAllText(path), Options)!;
    }
}

internal sealed record KeyDigest(string Type, string Input, string Sha1);

internal sealed record TableVector(
    string Name,
    int BucketSize,
    string OwnId,
    IReadOnlyList<string> PeerIds,
    IReadOnlyList<BucketVector> Buckets,
    IReadOnlyList<QueryVector> Queries)
{
    /// <summary>Peer i is at 10.0.0.0 + i.</summary>
    public Contact Peer(int index) =>
        new(NodeId.Parse(PeerIds[index]), UdpEndpoint.FromIPv4(0x0A00_0000u + (uint)index + 1, 8468));
}

internal sealed record BucketVector(string Low, IReadOnlyList<int> Nodes, IReadOnlyList<int> Replacements);

internal sealed record QueryVector(string Target, int? ExcludedPeer, IReadOnlyList<int> TrueNearest);
