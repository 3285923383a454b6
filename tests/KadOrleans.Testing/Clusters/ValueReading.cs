using System.Collections.Concurrent;
using System.Net;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Testing.Clusters;

/// <summary>Reads values back from one edge by FIND_VALUE.</summary>
internal static class ValueReading
{
    private const int AtOnce = 64;

    // A datagram may be lost; an edge that answers none of so many is away.
    private const int Attempts = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The keys for which the edge has no value, or another than <see cref="StoreLoad.ValueOf"/>. While a shard is slow to respond, an edge
    /// answers with contacts. So it is asked again for a minute, unless it answers with another value.
    /// </summary>
    public static async Task<IReadOnlyCollection<NodeId>> MissingAsync(IPEndPoint edge, IEnumerable<NodeId> keys)
    {
        await using var asker = new UdpAsker(edge, 20);
        var wrong = new ConcurrentBag<NodeId>();
        IReadOnlyCollection<NodeId> missing = [.. keys];
        try
        {
            await Eventually.ReadAsync(async () => missing = await AskAsync(asker, missing, wrong), left => left.Count == 0);
        }
        catch (TimeoutException)
        {
            // These are missing.
        }

        return [.. missing, .. wrong];
    }

    private static async Task<IReadOnlyCollection<NodeId>> AskAsync(UdpAsker asker, IEnumerable<NodeId> keys, ConcurrentBag<NodeId> wrong)
    {
        var missing = new ConcurrentBag<NodeId>();
        var together = new ParallelOptions { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForEachAsync(keys, together, async (key, _) =>
        {
            var value = await ReadAsync(asker, key);
            if (value != StoreLoad.ValueOf(key))
            {
                (value == default ? missing : wrong).Add(key);
            }
        });
        return missing;
    }

    private static async Task<DhtValue> ReadAsync(UdpAsker asker, NodeId key)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var body = await asker.Ask((destination, id) =>
                    RequestWriter.WriteFindValue(destination, id, new FindValueRequest(NodeId.MaxValue, key))).WaitAsync(Patience);
                return ResponseReader.TryReadFindValue(body, [], out _, out var value) ? value : default;
            }
            catch (TimeoutException) when (attempt < Attempts)
            {
                // Asked again.
            }
        }
    }
}
