namespace KadOrleans.Node;

/// <summary>
/// What a node's upkeep has sent and what waits, for those who ask: <see cref="SweepProgress"/>. How overdue a value is counts from its
/// interval, but at most from when the node could have known: it may be responsible for a value of yesterday only since a nearer contact left.
/// Safe for several threads.
/// </summary>
internal sealed class SweepWatch(TimeProvider time, ContactWindows windows, NodeMetrics metrics, KademliaOptions options)
{
    private readonly long _startedAt = time.GetTimestamp();

    // Guards all that follows.
    private readonly Lock _gate = new();

    // How many values wait: by the minute since which they are due, and by their region.
    private readonly SortedDictionary<long, int> _due = [];
    private readonly Dictionary<NodeId, int> _regions = [];

    // Since which minute the most overdue value is due that was not sent, though it was its turn. Null if there is none.
    private long? _unsentSince;
    private TimeSpan _unsentUntil;

    private SweepProgress _sweep = new();
    private int _checks;

    // When the last check began, whether it found all that was due, and when the last one began of which all was sent.
    private TimeSpan _checkBegunAt;
    private bool _isComplete;
    private TimeSpan _completedAt;

    /// <summary>The time since the start, by a clock that no one sets.</summary>
    public TimeSpan Now => time.GetElapsedTime(_startedAt);

    /// <summary>A check of everything is wanted. Each is ended by <see cref="EndCheck"/>.</summary>
    public void RequestCheck()
    {
        lock (_gate)
        {
            _checks++;
        }
    }

    /// <summary>Begins a check of everything, after the values of the one before were sent.</summary>
    /// <returns>How overdue a value can be: what the check before did not find was not due then, or this node was not responsible for it.</returns>
    public TimeSpan BeginCheck()
    {
        lock (_gate)
        {
            _completedAt = _isComplete ? _checkBegunAt : _completedAt;
            (_checkBegunAt, _isComplete) = (Now, false);
            return RepublishPolicy.Spread(options) + Now - _completedAt;
        }
    }

    /// <summary>Ends a check of everything.</summary>
    /// <param name="isComplete">Whether it found all that was due.</param>
    public void EndCheck(bool isComplete)
    {
        lock (_gate)
        {
            // What is due still waits again by now.
            (_checks, _isComplete, _unsentSince) = (_checks - 1, isComplete, isComplete ? null : _unsentSince);
        }
    }

    /// <summary>
    /// A value could not be read or written, or nobody answered: it may have been due for longer than the next check can know. It counts as overdue
    /// until a check has found all that is due. An edge makes none: there it counts until somebody answers it, or until a shard would have given it
    /// the value again, as another edge may have it by then.
    /// </summary>
    public void Fail(SweptKey swept)
    {
        lock (_gate)
        {
            _isComplete = false;

            // Others are not due by their age.
            if (swept is { IsDue: not null, Batch.IsOfSweep: true })
            {
                _unsentSince = Math.Min(MinuteOf(swept), Unsent ?? long.MaxValue);
                _unsentUntil = swept.IsOffered ? Now + RepublishPolicy.GetCheckPeriod(options) + RepublishPolicy.MostOverdue(options) : TimeSpan.MaxValue;
            }
        }
    }

    /// <summary>A contact answered the STOREs of a value, or there is nobody to send it to: what a shard offered does not wait any more.</summary>
    public void EndUnsent(SweptKey swept)
    {
        lock (_gate)
        {
            _unsentSince = swept.IsOffered ? null : _unsentSince;
        }
    }

    /// <summary>Values are to be sent. Each is ended by <see cref="End"/>.</summary>
    public void Add(IReadOnlyCollection<SweptKey> keys)
    {
        lock (_gate)
        {
            if (_sweep.Waiting == 0 && keys.Count > 0)
            {
                _sweep = new SweepProgress { BegunAt = time.GetUtcNow() };
            }

            var regions = 0;
            foreach (var swept in keys)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_regions, swept.Region, out var isKnown)++;
                regions += isKnown ? 0 : 1;
                _due[MinuteOf(swept)] = _due.GetValueOrDefault(MinuteOf(swept)) + 1;
            }

            _sweep = _sweep with
            {
                Values = _sweep.Values + keys.Count,
                Waiting = _sweep.Waiting + keys.Count,
                Regions = _sweep.Regions + regions,
            };
        }
    }

    /// <summary>The STOREs of a value begin, so long after its interval.</summary>
    public void RaiseLateness(SweptKey swept, TimeSpan sinceDue)
    {
        lock (_gate)
        {
            var most = swept.Batch.MostOverdue + Now - swept.Batch.FoundAt;
            var lateness = sinceDue < most ? sinceDue : most;
            _sweep = lateness > _sweep.Lateness ? _sweep with { Lateness = lateness } : _sweep;
        }
    }

    /// <summary>A value of the sweep was sent.</summary>
    public void Count(bool isPublication)
    {
        lock (_gate)
        {
            _sweep = isPublication ? _sweep with { Published = _sweep.Published + 1 } : _sweep with { Republished = _sweep.Republished + 1 };
        }
    }

    /// <summary>A value waits no more: it was sent, or need not be.</summary>
    public void End(SweptKey swept)
    {
        lock (_gate)
        {
            var isRegionDone = RemoveOne(_regions, swept.Region);
            RemoveOne(_due, MinuteOf(swept));
            _sweep = _sweep with
            {
                Waiting = _sweep.Waiting - 1,
                RegionsDone = _sweep.RegionsDone + (isRegionDone ? 1 : 0),
                EndedAt = _sweep.Waiting == 1 ? time.GetUtcNow() : null,
            };
            metrics.Add(NodeMetrics.SweepRegions, count: isRegionDone ? 1 : 0);
        }
    }

    /// <summary>How far upkeep is now.</summary>
    public SweepProgress Read()
    {
        var leftOut = windows.LeftOut;
        lock (_gate)
        {
            var since = _due.Count == 0 ? Unsent : Math.Min(_due.Keys.First(), Unsent ?? long.MaxValue);
            var overdue = since is { } minute ? Now - TimeSpan.FromMinutes(minute + 1) : TimeSpan.Zero;
            return _sweep with
            {
                At = time.GetUtcNow(),
                IsLooking = _checks > 0,
                Overdue = overdue > TimeSpan.Zero ? overdue : TimeSpan.Zero,
                OverdueLimit = RepublishPolicy.MostOverdue(options),
                LeftOut = leftOut,
            };
        }
    }

    private long? Unsent => Now < _unsentUntil ? _unsentSince : null;

    private static bool RemoveOne<T>(IDictionary<T, int> counts, T key)
    {
        if (--counts[key] > 0)
        {
            return false;
        }

        counts.Remove(key);
        return true;
    }

    private static long MinuteOf(SweptKey swept) => (long)Math.Floor((swept.Batch.FoundAt - swept.Overdue).TotalMinutes);
}
