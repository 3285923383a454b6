using System.Globalization;

namespace KadOrleans.Faults.Campaigns;

/// <summary>The versions of one key: when and where each was sent, and when it was acknowledged.</summary>
/// <param name="key">The key's number.</param>
internal sealed class KeyHistory(int key)
{
    // Guards all fields: an acknowledgement may come long after its writer went on.
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private int _acknowledged;
    private int _lastAcknowledged;
    private int _late;

    /// <summary>The key's number.</summary>
    public int Key => key;

    /// <summary>How many versions were acknowledged.</summary>
    public int Acknowledged
    {
        get
        {
            lock (_gate)
            {
                return _acknowledged;
            }
        }
    }

    /// <summary>How many of these only after a later version was sent.</summary>
    public int Late
    {
        get
        {
            lock (_gate)
            {
                return _late;
            }
        }
    }

    /// <summary>The highest acknowledged version; 0 if none was.</summary>
    public int LastAcknowledged
    {
        get
        {
            lock (_gate)
            {
                return _lastAcknowledged;
            }
        }
    }

    /// <summary>The number of a new version that is sent now. The first is 1.</summary>
    /// <param name="edge">Which edge it is sent to.</param>
    /// <param name="now">Time since the campaign began.</param>
    public int Send(int edge, TimeSpan now)
    {
        lock (_gate)
        {
            _entries.Add(new Entry(edge, now, null));
            return _entries.Count;
        }
    }

    /// <summary>A version was acknowledged.</summary>
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
    /// <param name="found">The version; null where there is none.</param>
    /// <param name="isEmpty">Whether no value was there at all.</param>
    /// <param name="acknowledged">The highest version that was acknowledged before the read was sent.</param>
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
            return string.Create(
                CultureInfo.InvariantCulture, $"key {key}: found {what}; last acknowledged {(_lastAcknowledged == 0 ? "none" : Describe(_lastAcknowledged))}");
        }
    }

    private string Describe(int version)
    {
        var entry = _entries[version - 1];
        var end = entry.AcknowledgedAt is { } at
            ? string.Create(CultureInfo.InvariantCulture, $"acknowledged at {at.TotalSeconds:F3} s")
            : "not acknowledged";
        return string.Create(
            CultureInfo.InvariantCulture, $"version {version} (sent to edge {entry.Edge + 1} at {entry.SentAt.TotalSeconds:F3} s, {end})");
    }

    private readonly record struct Entry(int Edge, TimeSpan SentAt, TimeSpan? AcknowledgedAt);
}
