using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Remembers from whom a key was taken by another public source, so that its return is free. It has one source for each key, for a day,
/// in memory alone. Each taking is paid for (<see cref="ChangeLimiter"/>), and allows one return. Not safe for several threads.
/// </summary>
internal sealed class FormerSources
{
    /// <summary>How long a source is remembered. Whoever is away for longer pays for the return.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    // About 120 bytes each. The least is what one subnet may take in an hour, by default.
    private const int Least = 2_400;
    private const int Most = 65_536;
    private const int KeysForEach = 16;

    private readonly int _capacity;
    private readonly Dictionary<NodeId, Former> _byKey = [];

    // Keys in the order in which they were remembered. One that was forgotten stays here until its turn.
    private readonly Queue<(NodeId Key, DateTimeOffset Since)> _order = new();

    /// <summary>It remembers one key in sixteen that the store may hold, within 2,400 and 65,536.</summary>
    public FormerSources(StoreQuota quota) => _capacity = Math.Clamp(quota.TotalKeys / KeysForEach, Least, Most);

    public int Count => _byKey.Count;

    public bool Has(NodeId key, SourceNetwork source, DateTimeOffset now) =>
        _byKey.TryGetValue(key, out var former) && former.Source == source && now - former.Since < Kept;

    /// <summary>Notes that a key was taken from a source. The first of several in a row keeps its claim.</summary>
    public void Remember(NodeId key, SourceNetwork source, DateTimeOffset now)
    {
        if (source.IsTrusted || source.IsPrivate || (_byKey.TryGetValue(key, out var former) && now - former.Since < Kept))
        {
            // These pay for no change, or another one has the claim.
            return;
        }

        _byKey[key] = new Former(source, now);
        _order.Enqueue((key, now));
        while (_order.Count > _capacity)
        {
            var (oldest, since) = _order.Dequeue();
            if (_byKey.TryGetValue(oldest, out var held) && held.Since == since)
            {
                _byKey.Remove(oldest);
            }
        }
    }

    public void Forget(NodeId key) => _byKey.Remove(key);

    private readonly record struct Former(SourceNetwork Source, DateTimeOffset Since);
}
