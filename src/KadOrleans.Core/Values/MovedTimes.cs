namespace KadOrleans.Core.Values;

// Times of last STOREs that changed nothing else, so that storage does not have them with the values. An entry has ten bytes: what names
// the value, and how many minutes before the record's own time its last STORE was. Minutes are rounded down: no value seems fresher
// than it is.
internal static class MovedTimes
{
    public const int EntryLength = sizeof(ulong) + sizeof(ushort);

    /// <summary>How old a put is at most when it is decided: its sender waits 4 s for an answer, and clocks may differ.</summary>
    public static readonly TimeSpan OldestPut = TimeSpan.FromSeconds(4) + ClockComparison.Bound;

    /// <summary>The latest time that is taken from a record: one that is raised must not overtake what is put from now on.</summary>
    public static DateTimeOffset LatestAt(DateTimeOffset now) => now - OldestPut;

    // The key's first bytes with the end of its life: what was removed and set again is another value. Two values of one name, which only
    // somebody who searches for it finds, do no harm: one may go out an interval late after a restart, once.
    public static ValueName NameOf(NodeId key, DateTimeOffset expiresAt)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        key.CopyTo(bytes);
        return new ValueName(
            BinaryPrimitives.ReadUInt64BigEndian(bytes) ^ ((ulong)(expiresAt.UtcTicks / TimeSpan.TicksPerMillisecond) * 0x9E3779B97F4A7C15));
    }

    public static long MinutesOf(DateTimeOffset time) => time.UtcTicks / TimeSpan.TicksPerMinute;

    /// <summary>Encodes entries of a record, whose own time no entry should exceed, in minutes since the year 1.</summary>
    public static byte[] Encode(IReadOnlyCollection<(ValueName Name, long Minutes)> entries, long recordMinutes)
    {
        var encoded = new byte[entries.Count * EntryLength];
        var rest = encoded.AsSpan();
        foreach (var (name, minutes) in entries)
        {
            BinaryPrimitives.WriteUInt64BigEndian(rest, name.Bits);
            BinaryPrimitives.WriteUInt16BigEndian(rest[sizeof(ulong)..], (ushort)Math.Clamp(recordMinutes - minutes, 0, ushort.MaxValue));
            rest = rest[EntryLength..];
        }

        return encoded;
    }

    /// <summary>Adds a record's entries to times by name; of one name the later time counts. False if the record is damaged.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, long recordMinutes, Dictionary<ValueName, DateTimeOffset> times)
    {
        if (encoded.Length % EntryLength != 0 || recordMinutes < ushort.MaxValue || recordMinutes > MinutesOf(DateTimeOffset.MaxValue))
        {
            return false;
        }

        for (; !encoded.IsEmpty; encoded = encoded[EntryLength..])
        {
            var minutes = recordMinutes - BinaryPrimitives.ReadUInt16BigEndian(encoded[sizeof(ulong)..]);
            var time = new DateTimeOffset(minutes * TimeSpan.TicksPerMinute, TimeSpan.Zero);
            var name = new ValueName(BinaryPrimitives.ReadUInt64BigEndian(encoded));
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(times, name, out _);
            known = time > known ? time : known;
        }

        return true;
    }

    /// <summary>
    /// Of the values that are named, each with its time from then on: the one of the record, up to the latest, if that is later, or if the
    /// value's own is of a clock that was ahead.
    /// </summary>
    public static IEnumerable<(HeldKey Held, DateTimeOffset Time)> Find(
        KeyShard shard, IReadOnlyDictionary<ValueName, DateTimeOffset> times, DateTimeOffset latest)
    {
        foreach (var held in times.Count == 0 ? [] : shard.Enumerate())
        {
            if (times.TryGetValue(NameOf(held.Key, held.ExpiresAt), out var time))
            {
                time = time < latest ? time : latest;
                var isAhead = held.StoredAt > latest + OldestPut + SteadyAges.Tolerance;
                yield return (held, held.StoredAt < time || isAhead ? time : held.StoredAt);
            }
        }
    }
}

/// <summary>What names a value in a record of times. Strangers choose most of it.</summary>
internal readonly record struct ValueName(ulong Bits)
{
    public override int GetHashCode() => UniversalHash.OfProcess.Compute(Bits, 0);
}
