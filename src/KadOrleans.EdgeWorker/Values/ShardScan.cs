using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>Reads shards page by page, the first pages of a few shards ahead of the reader.</summary>
internal sealed class ShardScan(ShardCalls calls, HeldShards held, GrainKeyStoreOptions options)
{
    public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadAsync(
        IEnumerable<long> shards, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ahead = new Queue<(long Shard, Task<IReadOnlyList<ShardPut>> FirstPage)>();
        using var rest = shards.GetEnumerator();
        while (true)
        {
            while (ahead.Count < options.Parallelism && rest.MoveNext())
            {
                ahead.Enqueue((rest.Current, ReadPageAsync(rest.Current, after: null, cancellationToken)));
            }

            if (!ahead.TryDequeue(out var next))
            {
                yield break;
            }

            for (var page = await next.FirstPage; page.Count > 0; page = await ReadPageAsync(next.Shard, page[^1].Key, cancellationToken))
            {
                held.Add(next.Shard);
                foreach (var (key, value, _) in page)
                {
                    yield return KeyValuePair.Create(key, value);
                }

                if (page.Count < options.ScanPage)
                {
                    break;
                }
            }
        }
    }

    private Task<IReadOnlyList<ShardPut>> ReadPageAsync(long shard, NodeId? after, CancellationToken cancellationToken) =>
        calls.CallAsync(shard, "scan", grain => grain.ScanAsync(after, options.ScanPage), cancellationToken);
}
