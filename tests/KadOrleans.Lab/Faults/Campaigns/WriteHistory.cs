using KadOrleans.Core.Items;

namespace KadOrleans.Lab;

/// <summary>The versions of one key: when and where each was sent, and when it was acknowledged.</summary>
public sealed class WriteHistory(int key)
{
    // Guards all changes: an acknowledgement may come long after its writer went on.
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private int _acknowledged;
    private int _lastAcknowledged;
    private int _late;

    public int Key => key;

    public int Acknowledged => Volatile.Read(ref _acknowledged);

    public int Late => Volatile.Read(ref _late);

    /// <summary>The highest acknowledged version; 0 if none was.</summary>
    public int LastAcknowledged => Volatile.Read(ref _lastAcknowledged);

    /// <summary>The number of a new version that is sent now. The first is 1.</summary>
    public int Send(int edge, TimeSpan now)
    {
        lock (_gate)
        {
            _entries.Add(new Entry(edge, now, null));
            return _entries.Count;
        }
    }

    public void Acknowledge(int version, TimeSpan now)
    {
        lock (_gate)
        {
            _entries[version - 1] = _entries[version - 1] with { AcknowledgedAt = now };
            _acknowledged++;
            _late += version < _entries.Count ? 1 : 0;
            _lastAcknowledged = Math.Max(_lastAcknowledged, version);
        }
    }

    /// <summary>
    /// Judges what a read found. The order is that of sending: a version is not taken for newer because its acknowledgement came late.
    /// </summary>
    public static Verdict Judge(int? found, bool isEmpty, int acknowledged)
    {
        if (acknowledged == 0 && isEmpty)
        {
            return Verdict.Kept;
        }

        return isEmpty ? Verdict.Lost : found >= Math.Max(acknowledged, 1) ? Verdict.Kept : Verdict.Undone;
    }

    /// <summary>One sentence about a version that was found, and the one that was expected.</summary>
    public string Describe(int? found)
    {
        lock (_gate)
        {
            var what = found is { } version && version >= 1 && version <= _entries.Count ? Describe(version) : "no version of it";
            return $"key {key}: found {what}; last acknowledged {(_lastAcknowledged == 0 ? "none" : Describe(_lastAcknowledged))}";
        }
    }

    private string Describe(int version)
    {
        var entry = _entries[version - 1];
        var end = entry.AcknowledgedAt is { } at
            ? $"acknowledged at {at.TotalSeconds:F3} s"
            : "not acknowledged";
        return $"version {version} (sent to edge {entry.Edge + 1} at {entry.SentAt.TotalSeconds:F3} s, {end})";
    }

    private readonly record struct Entry(int Edge, TimeSpan SentAt, TimeSpan? AcknowledgedAt);
}

/// <summary>The text that is stored as one version of a key: <c>key:version</c>.</summary>
public static class KeyVersion
{
    public static DhtValue ToValue(int key, int version) =>
        DhtValue.FromString($"{key}:{version}");

    /// <summary>The same as an item of the owner, with the version as its sequence number.</summary>
    public static Item ToItem(int key, int version) => SignedItems.Sign(version, $"i{version}e", SaltOf(key));

    public static NodeId IdOf(int key, bool isItem) => isItem ? SignedItems.Key(SaltOf(key)) : NodeId.FromKey($"campaign {key}");

    private static string SaltOf(int key) => $"campaign {key}";

    /// <summary>The version that a value is of; null for what is no version of this key.</summary>
    public static int? Read(int key, DhtValue value)
    {
        if (value.Kind == DhtValueKind.Bytes)
        {
            return (int?)SignedItems.SeqOf(value);
        }

        if (value.Kind != DhtValueKind.String || value.AsString().Split(':') is not [var of, var number])
        {
            return null;
        }

        return of == key.ToString(CultureInfo.InvariantCulture)
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                ? version
                : null;
    }
}

/// <summary>What became of a key's last acknowledged version.</summary>
public enum Verdict
{
    Kept,
    Lost,
    Undone,
}
