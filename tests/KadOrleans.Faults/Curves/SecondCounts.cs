using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Curves;

/// <summary>How many calls of each kind were sent in each second, and how many of these were answered in time, however much later.</summary>
internal sealed class SecondCounts
{
    // Guards the list.
    private readonly Lock _gate = new();
    private readonly List<CallCounts[]> _seconds = [];

    /// <summary>How many seconds have passed.</summary>
    public int Seconds
    {
        get
        {
            lock (_gate)
            {
                return _seconds.Count;
            }
        }
    }

    /// <summary>A call was sent.</summary>
    public void Send(int second, CallKind kind) => Change(second, kind, counts => counts with { Sent = counts.Sent + 1 });

    /// <summary>A call of a second was answered.</summary>
    public void Answer(int second, CallKind kind, bool hasValue) => Change(second, kind, counts => counts with
    {
        Answered = counts.Answered + 1,
        WithValue = counts.WithValue + (hasValue ? 1 : 0),
    });

    /// <summary>An answer came in a second, whenever its call was sent.</summary>
    public void Arrive(int second, CallKind kind) => Change(second, kind, counts => counts with { Arrived = counts.Arrived + 1 });

    /// <summary>The counts of a second; none where nothing was sent.</summary>
    public CallCounts Of(int second, CallKind kind)
    {
        lock (_gate)
        {
            return second >= 0 && second < _seconds.Count ? _seconds[second][(int)kind] : default;
        }
    }

    /// <summary>The sum over the seconds from one to before another.</summary>
    public CallCounts Sum(int from, int to, CallKind kind) =>
        Enumerable.Range(from, Math.Max(0, to - from)).Select(second => Of(second, kind)).Aggregate(default(CallCounts), (sum, counts) => sum + counts);

    private void Change(int second, CallKind kind, Func<CallCounts, CallCounts> change)
    {
        lock (_gate)
        {
            while (_seconds.Count <= second)
            {
                _seconds.Add(new CallCounts[CallKinds.All.Count]);
            }

            ref var counts = ref _seconds[second][(int)kind];
            counts = change(counts);
        }
    }
}

/// <summary>Calls of one kind in some time.</summary>
/// <param name="Sent">Sent.</param>
/// <param name="Answered">Answered in time; of STORE, with true.</param>
/// <param name="WithValue">Of these, with a value.</param>
/// <param name="Arrived">Answers that came in that time, in time for their calls.</param>
internal readonly record struct CallCounts(int Sent, int Answered, int WithValue, int Arrived)
{
    /// <summary>The share answered, from 0 to 1; 1 where nothing was sent.</summary>
    public double Share => Sent == 0 ? 1 : (double)Answered / Sent;

    public static CallCounts operator +(CallCounts left, CallCounts right) =>
        new(left.Sent + right.Sent, left.Answered + right.Answered, left.WithValue + right.WithValue, left.Arrived + right.Arrived);
}
