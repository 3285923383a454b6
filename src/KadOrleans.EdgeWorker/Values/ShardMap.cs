using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>The desk at the silo of each shard, by its last news. One thread notes them, any may ask.</summary>
/// <param name="shards">The number of shards.</param>
/// <param name="isInSilo">Whether the caller runs within a silo: it addresses a silo, where clients address its gateway.</param>
internal sealed class ShardMap(int shards, bool isInSilo = false)
{
    /// <summary>Of shards without news: no desk is known.</summary>
    public static readonly ShardMap Unknown = new(0);

    // Boxed, so that reads and writes are atomic.
    private readonly object?[] _desks = new object?[shards];

    private readonly Dictionary<GrainId, int> _counts = [];

    // Replaced as a whole when a desk comes or goes.
    private volatile HashSet<GrainId> _known = [];

    /// <summary>All desks of shards.</summary>
    public IReadOnlySet<GrainId> Desks => _known;

    /// <summary>The desk for calls about a shard; null if none is known.</summary>
    public GrainId? DeskOf(long shard) => GrainKeys.NumberOf(shard) is var number && number < _desks.Length
        ? (GrainId?)Volatile.Read(ref _desks[number])
        : null;

    /// <summary>Notes where a shard is. Silos of older releases have no desk.</summary>
    public void Note(ShardNews news) => Set(news.Shard, news.Desk is { } desk ? Find(desk, news.Silo) : null);

    /// <summary>Forgets where a shard is.</summary>
    public void Forget(long shard) => Set(shard, null);

    private GrainId? Find(GrainId desk, SiloAddress? silo) => !isInSilo ? desk
        : silo is not null && SystemTargetGrainId.TryParse(desk, out var id) ? id.WithSiloAddress(silo).GrainId
        : null;

    private void Set(long shard, GrainId? desk)
    {
        ref var known = ref _desks[GrainKeys.NumberOf(shard)];
        if (Equals(known, desk))
        {
            return;
        }

        var isGone = known is GrainId former && Count(former, -1) == 0;
        var isNew = desk is { } present && Count(present, 1) == 1;
        Volatile.Write(ref known, desk);
        if (isGone || isNew)
        {
            _known = [.. _counts.Keys];
        }
    }

    private int Count(GrainId desk, int change)
    {
        var count = _counts.GetValueOrDefault(desk) + change;
        if (count == 0)
        {
            _counts.Remove(desk);
        }
        else
        {
            _counts[desk] = count;
        }

        return count;
    }
}
