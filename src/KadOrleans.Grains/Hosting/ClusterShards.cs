using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Diagnostics;
using Microsoft.Extensions.Options;

namespace KadOrleans.Grains.Hosting;

/// <summary>
/// The number of shards, as this silo knows it: by the cluster's last word, which is 15 s old at most. Until the first word it is what the
/// silo is configured with. Who uses an older number calls shards that pass calls on to their halves. Safe for several threads.
/// </summary>
internal sealed class ClusterShards(IOptions<KadClusterOptions> options)
{
    // Boxed, so that reads and writes are atomic.
    private volatile Known _known = new(ShardLayout.Of(options.Value.ShardBits), null);

    public event Action<ShardLayout>? Changed;

    public ShardLayout Layout => _known.Layout;

    /// <summary>How many of them were split by a doubling; null if none is under way.</summary>
    public int? Split => _known.Split;

    /// <summary>Notes the cluster's word. The number of shards never falls.</summary>
    public void Note(ShardLayout layout, int? split)
    {
        var before = _known.Layout;
        if (layout.FirstBits == before.FirstBits && layout.Bits < before.Bits)
        {
            return;
        }

        _known = new Known(layout, split);
        GrainMetrics.SetShards(layout.Count, split ?? 0);
        if (layout != before)
        {
            Changed?.Invoke(layout);
        }
    }

    private sealed record Known(ShardLayout Layout, int? Split);
}
