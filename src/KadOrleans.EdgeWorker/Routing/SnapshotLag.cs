namespace KadOrleans.EdgeWorker.Routing;

/// <summary>
/// Notices that a snapshot stays behind the versions that its table answers with: pushes may get lost. Used by one
/// caller at a time.
/// </summary>
internal sealed class SnapshotLag(TimeSpan patience, TimeProvider time)
{
    private long _expected;
    private long _since;

    /// <summary>Whether the snapshot is to be asked for, now that the table answered with a version.</summary>
    public bool IsBehind(long answered, long held)
    {
        if (held >= _expected)
        {
            (_expected, _since) = (answered, time.GetTimestamp());
            return false;
        }

        return time.GetElapsedTime(_since) >= patience;
    }

    /// <summary>After how long a snapshot that stays behind is to be asked for; null if it is not behind.</summary>
    public TimeSpan? Left(long held)
    {
        if (held >= _expected)
        {
            return null;
        }

        var left = patience - time.GetElapsedTime(_since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The snapshot was asked for; if it did not come, it is again after as long.</summary>
    public void Asked() => _since = time.GetTimestamp();
}
