using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KadOrleans.Core.Values;

/// <summary>
/// Keys and their values in memory, with their lives and quotas. A store that writes to storage first decides by a
/// <see cref="KeyShardPlan"/>. <see cref="Put"/> and similar methods change the shard at once, and must not be called during a plan. Not
/// safe for several threads: the owner serialises calls.
/// </summary>
internal sealed class KeyShard
{
    /// <summary>The slot of a key that the current plan removes.</summary>
    private const int Leaving = -2;

    private readonly Dictionary<NodeId, CountedValue>[] _parts;

    // The accounts after the current plan.
    private readonly StoreAccounts _accounts;

    /// <summary>An empty shard.</summary>
    /// <param name="quota">Its bounds.</param>
    /// <param name="parts">Tables that the keys are spread over: one that grows, or is copied, holds up its owner for so much less.</param>
    public KeyShard(StoreQuota quota, int parts = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        _accounts = new StoreAccounts(quota);
        _parts = new Dictionary<NodeId, CountedValue>[parts];
        for (var i = 0; i < parts; i++)
        {
            _parts[i] = [];
        }

        Values = new HeldValues(this);
    }

    /// <summary>Keys held, expired ones included until <see cref="RemoveExpired"/> sees them.</summary>
    public int Count { get; private set; }

    /// <summary>Sum of the values' footprints in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>The counts of evicted and changed values.</summary>
    public StoreTurnover Turnover { get; private set; }

    /// <summary>All keys and values, in no order. The shard must not change meanwhile.</summary>
    public IReadOnlyDictionary<NodeId, StoredValue> Values { get; }

    /// <summary>The sources that changed most values of others, most first.</summary>
    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => _accounts.Changes.Top(count);

    /// <summary>The value of <paramref name="key"/>, unless it has none that is alive at <paramref name="now"/>.</summary>
    public bool TryGet(NodeId key, DateTimeOffset now, [NotNullWhen(true)] out StoredValue? value)
    {
        value = TryFind(key, out var held) && !held.Value.IsExpired(now) ? held.Value : null;
        return value is not null;
    }

    /// <summary>Finds the value of a key, expired or not.</summary>
    public bool TryFind(NodeId key, out CountedValue held) => PartOf(key).TryGetValue(key, out held);

    /// <summary>All keys that are held, in no order, with where they are counted and placed.</summary>
    public IEnumerable<KeyValuePair<NodeId, CountedValue>> Enumerate()
    {
        foreach (var part in _parts)
        {
            foreach (var entry in part)
            {
                yield return entry;
            }
        }
    }

    /// <summary>The keys of one part, copied.</summary>
    /// <param name="part">From 0 to below the number of parts.</param>
    public KeyValuePair<NodeId, StoredValue>[] Copy(int part)
    {
        var copy = new KeyValuePair<NodeId, StoredValue>[_parts[part].Count];
        var count = 0;
        foreach (var (key, held) in _parts[part])
        {
            copy[count++] = new(key, held.Value);
        }

        return copy;
    }

    /// <summary>Sets the near keys. Values of others are evicted first.</summary>
    /// <param name="area">The keys.</param>
    /// <param name="atOnce">Values that are judged by it now. A million take about 0.1 s.</param>
    /// <returns>Whether some are left, for <see cref="Judge"/>.</returns>
    public bool SetArea(ResponsibleArea area, int atOnce = int.MaxValue)
    {
        _accounts.Area = area;
        return Judge(atOnce);
    }

    /// <summary>Judges more values by the area that was set last.</summary>
    /// <param name="count">How many at most.</param>
    /// <returns>Whether some are left.</returns>
    public bool Judge(int count) => _accounts.Judge(count);

    /// <summary>What <see cref="Put"/> would return if the current plan is applied. The plan may still be abandoned.</summary>
    public StoreResult CheckPut(NodeId key, StoredValue value, PutKind kind = PutKind.Publication)
    {
        ArgumentNullException.ThrowIfNull(value);
        return TryFind(key, out var held) && held.Slot == Leaving
            ? StoreRules.FindRefusal(value.Value) ?? StoreResult.Stored
            : Decide(key, value, kind).Result;
    }

    /// <summary>Stores a value at once, if <see cref="StoreDecision"/> allows it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; its <see cref="StoredValue.StoredAt"/> is the present moment, but for an import's.</param>
    /// <param name="kind">Where it comes from.</param>
    public StoreResult Put(NodeId key, StoredValue value, PutKind kind = PutKind.Publication)
    {
        var decision = DecideAndCharge(key, TryFind(key, out var held) ? held : null, value, kind);
        foreach (var evicted in decision.Evicted)
        {
            Remove(evicted.Key);
        }

        if (decision.Held is { } accepted)
        {
            Restore(key, accepted);
        }

        Turnover = Turnover.Add(decision);
        return decision.Result;
    }

    /// <summary>Counts what a plan that was carried out evicted and changed. <see cref="Put"/> does so itself.</summary>
    public void Note(StoreTurnover turnover) => Turnover = Turnover.Add(turnover);

    /// <summary>Restores a value that was accepted earlier, even beyond the present quotas.</summary>
    public void Restore(NodeId key, StoredValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var slot = TryFind(key, out var held) ? _accounts.Replace(key, held, value) : _accounts.Add(key, value);
        Hold(key, new CountedValue(value, slot), place: null);
    }

    /// <summary>Restores a value of a store that loads its newest values first, each key once.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="place">Where the owner has stored it.</param>
    public void Load(NodeId key, StoredValue value, int place)
    {
        ArgumentNullException.ThrowIfNull(value);
        Hold(key, new CountedValue(value, _accounts.AddOldest(key, value)), place);
    }

    /// <summary>Notes that the owner has stored a key, which is held, at another place.</summary>
    public void Move(NodeId key, int place)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrNullRef(PartOf(key), key);
        held = held with { Place = place };
    }

    /// <summary>Removes a key. Returns false if it was not held.</summary>
    public bool Remove(NodeId key)
    {
        if (!TryFind(key, out var held))
        {
            return false;
        }

        _accounts.Remove(held);
        Forget(key);
        return true;
    }

    /// <summary>Removes the values expired at <paramref name="now"/> and returns their keys.</summary>
    public IReadOnlyList<NodeId> RemoveExpired(DateTimeOffset now)
    {
        var expired = new List<NodeId>();
        foreach (var (key, held) in Enumerate())
        {
            if (held.Value.IsExpired(now))
            {
                expired.Add(key);
            }
        }

        expired.ForEach(key => Remove(key));
        return expired;
    }

    /// <summary>Decides on a put as things are held, and changes nothing.</summary>
    internal StoreDecision Decide(NodeId key, StoredValue offered, PutKind kind = PutKind.Publication) =>
        StoreDecision.Make(key, TryFind(key, out var held) ? held : null, offered, kind, _accounts);

    /// <summary>
    /// Decides on a put. A change counts against its source's limit even if its write fails later: the decisions of one write must know of
    /// each other.
    /// </summary>
    internal StoreDecision DecideAndCharge(NodeId key, CountedValue? before, StoredValue offered, PutKind kind)
    {
        var decision = StoreDecision.Make(key, before, offered, kind, _accounts);
        if (decision.IsChange)
        {
            _accounts.Changes.Count(offered.Source, offered.StoredAt);
        }

        return decision;
    }

    /// <summary>Counts a key's value by the current plan, and returns its new place in the accounts.</summary>
    internal CountedValue? Plan(NodeId key, CountedValue? before, StoredValue? after)
    {
        var slot = Leaving;
        if (after is not null)
        {
            slot = before is { } old ? _accounts.Replace(key, old, after) : _accounts.Add(key, after);
        }
        else if (before is { } gone)
        {
            _accounts.Remove(gone);
        }

        Point(key, slot);
        return after is null ? null : new CountedValue(after, slot);
    }

    /// <summary>
    /// Counts a key again as it is held, as the plan that changes it is abandoned. A value that was to be evicted becomes the oldest of its
    /// source again. One that was to be stored or renewed becomes the newest.
    /// </summary>
    internal void Unplan(NodeId key, CountedValue? planned)
    {
        if (planned is { } counted)
        {
            _accounts.Remove(counted);
        }

        if (TryFind(key, out var held))
        {
            Point(key, planned is null ? _accounts.AddOldest(key, held.Value) : _accounts.Add(key, held.Value));
        }
    }

    /// <summary>Holds a value that is counted; at the place that the key has if <paramref name="place"/> is null.</summary>
    internal void Hold(NodeId key, CountedValue counted, int? place)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(PartOf(key), key, out var exists);
        Tally(exists ? held.Value : null, counted.Value);
        held = counted with { Place = place ?? held.Place };
    }

    /// <summary>Removes a key that is no longer counted.</summary>
    internal void Forget(NodeId key)
    {
        if (PartOf(key).Remove(key, out var held))
        {
            Tally(held.Value, null);
        }
    }

    private void Tally(StoredValue? before, StoredValue? after)
    {
        Count += (after is null ? 0 : 1) - (before is null ? 0 : 1);
        Bytes += (after?.Footprint ?? 0) - (before?.Footprint ?? 0);
    }

    // CheckPut reads the accounts by the held value, so that must have its slot.
    private void Point(NodeId key, int slot)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrNullRef(PartOf(key), key);
        if (!Unsafe.IsNullRef(ref held))
        {
            held = held with { Slot = slot };
        }
    }

    private Dictionary<NodeId, CountedValue> PartOf(NodeId key) =>
        _parts.Length == 1 ? _parts[0] : _parts[(uint)key.GetHashCode() % (uint)_parts.Length];

    /// <summary>The values, without their slots.</summary>
    private sealed class HeldValues(KeyShard shard) : IReadOnlyDictionary<NodeId, StoredValue>
    {
        public int Count => shard.Count;

        public IEnumerable<NodeId> Keys => shard.Enumerate().Select(entry => entry.Key);

        public IEnumerable<StoredValue> Values => shard.Enumerate().Select(entry => entry.Value.Value);

        public StoredValue this[NodeId key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"{key} is not held.");

        public bool ContainsKey(NodeId key) => shard.TryFind(key, out _);

        public bool TryGetValue(NodeId key, [MaybeNullWhen(false)] out StoredValue value)
        {
            var isHeld = shard.TryFind(key, out var held);
            value = held.Value;
            return isHeld;
        }

        public IEnumerator<KeyValuePair<NodeId, StoredValue>> GetEnumerator()
        {
            foreach (var (key, held) in shard.Enumerate())
            {
                yield return new(key, held.Value);
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

/// <summary>The values that a store evicted or replaced since it was opened.</summary>
/// <param name="EvictedFar">Values evicted so that others had room, of keys for which the node was not responsible.</param>
/// <param name="EvictedNear">Values evicted of other keys.</param>
/// <param name="Changed">Live values replaced by another source than the one that stored them.</param>
public readonly record struct StoreTurnover(long EvictedFar, long EvictedNear, long Changed)
{
    /// <summary>Values evicted, of all keys.</summary>
    public long Evicted => EvictedFar + EvictedNear;

    /// <summary>Adds the effects of a decision.</summary>
    internal StoreTurnover Add(StoreDecision decision)
    {
        var far = 0;
        foreach (var evicted in decision.Evicted)
        {
            far += evicted.IsFar ? 1 : 0;
        }

        return new StoreTurnover(
            EvictedFar + far, EvictedNear + decision.Evicted.Count - far, Changed + (decision.IsChange ? 1 : 0));
    }

    /// <summary>Both together.</summary>
    public StoreTurnover Add(StoreTurnover other) =>
        new(EvictedFar + other.EvictedFar, EvictedNear + other.EvictedNear, Changed + other.Changed);
}
