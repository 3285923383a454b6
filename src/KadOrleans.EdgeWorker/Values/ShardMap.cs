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

    /// <summary>Whether some shard's calls go to a desk.</summary>
    public bool Has(GrainId desk) => Array.Exists(_desks, known => known is GrainId id && id == desk);

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
        if (!Equals(known, desk))
        {
            Volatile.Write(ref known, desk);
        }
    }
}
