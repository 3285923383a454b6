namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// Chooses the segments that a commit compacts. Dead ones are dropped at once. While more than half of the log is obsolete, the oldest are
/// compacted: their live records are appended to the log. For that a commit reads eight bytes for each byte that it writes or makes
/// obsolete; an unused rest counts for the next commit. Small segments at the end of the log are merged with the commit's own. Sixteen of
/// one size make one of the next, up to half a full segment.
/// </summary>
internal sealed class Compaction(SegmentLog log, SegmentTable table, SegmentOutput output, LogOptions options)
{
    /// <summary>The number of consecutive segments of one size that are merged.</summary>
    public const int FanIn = 16;

    /// <summary>
    /// With a higher number an obsolete log is compacted sooner. With eight, the log stays below three times its live bytes and three times
    /// the slack. While all of it is read once it grows by an eighth.
    /// </summary>
    private const int ReadPerByte = 8;

    private const int FullTier = 2;

    /// <summary>Dead segments at the old end that go in one commit; they are free to go, but each costs a moment.</summary>
    private const int MaxDropped = 2048;

    private long _credit;
    private long _creditAfter;
    private long _live;

    private long Bytes => table.Bytes - log.LeavingBytes + output.Bytes;

    /// <summary>Compacts segments in the current commit, after its changes are written.</summary>
    public void Run()
    {
        var changed = output.Bytes + log.ObsoletedBytes;
        _live = table.LiveBytes - log.ObsoletedBytes + output.LiveBytes;
        DropDead();
        Collect(changed);
        Merge();
    }

    public void EndCommit() => _credit = _creditAfter;

    private void DropDead()
    {
        foreach (var segment in log.Touched)
        {
            if (segment.IsDead && !segment.IsLeaving)
            {
                log.Drop(segment);
            }
        }

        for (var i = 0; i < MaxDropped && Oldest() is { } oldest && oldest.Live == oldest.Obsoleted; i++)
        {
            log.Drop(oldest);
        }
    }

    private void Collect(long changed)
    {
        _creditAfter = IsDue() ? _credit + (ReadPerByte * changed) : 0;
        while (IsDue() && Oldest() is { } oldest && oldest.Bytes <= _creditAfter && log.Compact(oldest, isOldest: true))
        {
            _creditAfter -= oldest.Bytes;
        }
    }

    private void Merge()
    {
        while (Newest() is { } newest)
        {
            var tier = TierOf(output.Bytes);
            var count = TierOf(newest.Bytes) < tier ? 1 : CountRun(newest, tier);
            if (count == 0)
            {
                return;
            }

            for (var i = 0; i < count; i++)
            {
                newest = Newest()!;
                if (!log.Compact(newest, newest == Oldest()))
                {
                    return;
                }
            }
        }
    }

    private bool IsDue() => Bytes > (2 * _live) + options.SlackBytes;

    private Segment? Oldest() => FindStaying(table.Oldest, static segment => segment.Newer);

    private Segment? Newest() => FindStaying(table.Newest, static segment => segment.Older);

    private static Segment? FindStaying(Segment? segment, Func<Segment, Segment?> next)
    {
        while (segment is { IsLeaving: true })
        {
            segment = next(segment);
        }

        return segment;
    }

    // The number of segments at the end of the log that make one of the next size with the commit's own. 0 if there are too few.
    private int CountRun(Segment newest, int tier)
    {
        var count = 0;
        for (var segment = newest;
            tier < FullTier && segment is not null && count < FanIn - 1 && (segment.IsLeaving || TierOf(segment.Bytes) == tier);
            segment = segment.Older)
        {
            count += segment.IsLeaving ? 0 : 1;
        }

        return count == FanIn - 1 ? count : 0;
    }

    private int TierOf(long bytes)
    {
        var full = options.SegmentBytes / 2;
        return bytes >= full ? FullTier : bytes >= full / FanIn ? 1 : 0;
    }
}
