namespace KadOrleans.Core.Admission;

// Allows so many events in any window of time, exactly: a bucket that refills would allow twice as many in some. One that was allowed and
// then did not happen is given back. Time is what has passed since any fixed moment. Safe for several threads.
internal sealed class SlidingAllowance(int most, TimeSpan window)
{
    // Guards all below: when each event happened, the oldest first, and how many were allowed and are under way.
    private readonly Lock _gate = new();
    private readonly Queue<TimeSpan> _happened = new();
    private int _underWay;

    /// <summary>After true exactly one call of <see cref="End"/> has to follow.</summary>
    public bool TryBegin(TimeSpan now)
    {
        lock (_gate)
        {
            while (_happened.TryPeek(out var oldest) && now - oldest >= window)
            {
                _happened.Dequeue();
            }

            var isAllowed = _happened.Count + _underWay < most;
            _underWay += isAllowed ? 1 : 0;
            return isAllowed;
        }
    }

    public void End(TimeSpan now, bool hasHappened)
    {
        lock (_gate)
        {
            _underWay--;
            if (hasHappened)
            {
                _happened.Enqueue(now);
            }
        }
    }
}
