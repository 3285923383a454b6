namespace KadOrleans.Grains;

// The number of shards, as the cluster reported it last, 15 s ago at most. Before the first report it is that of the settings. With an
// older number a caller reaches shards that pass calls on to their halves. Safe for several threads.
internal sealed class ClusterShards(IOptions<KadClusterOptions> options)
{
    // Boxed, so that reads and writes are atomic.
    private volatile Known _known = new(ShardLayout.Of(options.Value.ShardBits ?? options.Value.DefaultShardBits), null);

    public event Action<ShardLayout>? Changed;

    public ShardLayout Layout => _known.Layout;

    /// <summary>How many of them were split by a doubling; null if none is under way.</summary>
    public int? Split => _known.Split;

    /// <summary>Records what the cluster reported. The number of shards never falls.</summary>
    public void Record(ShardLayout layout, int? split)
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
