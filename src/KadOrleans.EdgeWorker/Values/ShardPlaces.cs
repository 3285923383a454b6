using KadOrleans.Grains.Abstractions;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>The silos that shards are on, by their last news. One thread notes them, any may ask.</summary>
/// <param name="shards">The number of shards.</param>
internal sealed class ShardPlaces(int shards)
{
    /// <summary>Of shards without news: no silo is known.</summary>
    public static readonly ShardPlaces Unknown = new(0);

    private readonly SiloAddress?[] _silos = new SiloAddress?[shards];
    private readonly Dictionary<SiloAddress, int> _counts = [];

    // Replaced as a whole when a silo comes or goes.
    private volatile Dictionary<SiloAddress, int> _numbers = [];

    /// <summary>The silo of a shard; null if none is known.</summary>
    public SiloAddress? SiloOf(long shard) => GrainKeys.NumberOf(shard) is var number && number < _silos.Length
        ? Volatile.Read(ref _silos[number])
        : null;

    /// <summary>
    /// The lane for the requests of a shard, from 0. The silos divide the lanes: a lane has shards of one silo if there are as many lanes as
    /// silos. So its calls need not be divided, and more silos do not make more and smaller calls. A shard's lane may change: puts are judged
    /// by the time of receipt, whatever their order.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="lanes">The number of lanes, 1 or more.</param>
    public int LaneOf(long shard, int lanes)
    {
        var numbers = _numbers;
        if (SiloOf(shard) is not { } silo || !numbers.TryGetValue(silo, out var number))
        {
            return (int)(shard % lanes);
        }

        var step = Math.Min(numbers.Count, lanes);
        var first = number % step;
        var own = (lanes - first + step - 1) / step;
        return first + step * (int)(shard % own);
    }

    /// <summary>Notes the silo of a shard; null if it is not known.</summary>
    public void Note(long shard, SiloAddress? silo)
    {
        ref var place = ref _silos[GrainKeys.NumberOf(shard)];
        if (Equals(place, silo))
        {
            return;
        }

        var isGone = place is not null && Count(place, -1) == 0;
        var isNew = silo is not null && Count(silo, 1) == 1;
        Volatile.Write(ref place, silo);
        if (isGone || isNew)
        {
            _numbers = _counts.Keys.Order().Index().ToDictionary(item => item.Item, item => item.Index);
        }
    }

    private int Count(SiloAddress silo, int change)
    {
        var count = _counts.GetValueOrDefault(silo) + change;
        if (count == 0)
        {
            _counts.Remove(silo);
        }
        else
        {
            _counts[silo] = count;
        }

        return count;
    }
}
