using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Campaigns;

/// <summary>The longest time in which one edge answered no call of a kind.</summary>
internal sealed class SilenceGauge
{
    // Guards both arrays.
    private readonly Lock _gate = new();
    private readonly TimeSpan[] _last = new TimeSpan[CallKinds.All.Count];
    private readonly TimeSpan[] _longest = new TimeSpan[CallKinds.All.Count];

    /// <summary>Begins anew.</summary>
    public void Begin(TimeSpan now)
    {
        lock (_gate)
        {
            Array.Fill(_last, now);
            Array.Clear(_longest);
        }
    }

    /// <summary>An answer came.</summary>
    public void Answer(CallKind kind, TimeSpan now)
    {
        lock (_gate)
        {
            Extend(kind, now);
            _last[(int)kind] = now;
        }
    }

    /// <summary>The longest silence since <see cref="Begin"/>, one that lasts now included.</summary>
    public TimeSpan Longest(CallKind kind, TimeSpan now)
    {
        lock (_gate)
        {
            Extend(kind, now);
            return _longest[(int)kind];
        }
    }

    private void Extend(CallKind kind, TimeSpan now)
    {
        var silence = now - _last[(int)kind];
        _longest[(int)kind] = silence > _longest[(int)kind] ? silence : _longest[(int)kind];
    }
}
