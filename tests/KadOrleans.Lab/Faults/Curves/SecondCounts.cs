namespace KadOrleans.Lab;

/// <summary>How many calls of each kind were sent in each second, and how many of these were answered in time, however much later.</summary>
public sealed class SecondCounts
{
    /// <summary>What is answered so late is answered soon: there are nodes that wait no longer.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    // Guards the list.
    private readonly Lock _gate = new();
    private readonly List<CallCounts[]> _seconds = [];

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

    public void Add(int second, CallKind kind, CallCounts more)
    {
        lock (_gate)
        {
            while (_seconds.Count <= second)
            {
                _seconds.Add(new CallCounts[CallKinds.All.Count]);
            }

            _seconds[second][(int)kind] += more;
        }
    }

    public CallCounts Of(int second, CallKind kind)
    {
        lock (_gate)
        {
            return second >= 0 && second < _seconds.Count ? _seconds[second][(int)kind] : default;
        }
    }

    /// <summary>The sum over the seconds from one to before another.</summary>
    public CallCounts Sum(int from, int to, CallKind kind) =>
        Shares.Seconds(from, to).Select(second => Of(second, kind)).Aggregate(default(CallCounts), (sum, counts) => sum + counts);

    /// <summary>Writes a line of CSV for each second and kind.</summary>
    public async Task WriteCsvAsync(string file)
    {
        await using var output = new StreamWriter(file);
        await output.WriteLineAsync("second,kind,sent,answered,answered with value,soon,soon with value,known,known soon");
        foreach (var (second, kind) in Enumerable.Range(0, Seconds).SelectMany(second => CallKinds.All.Select(kind => (second, kind))))
        {
            var of = Of(second, kind);
            await output.WriteLineAsync(
                $"{second},{CallKinds.NameOf(kind)},{of.Sent},{of.Answered},{of.WithValue},{of.Soon},{of.SoonWithValue},{of.Known},{of.KnownSoon}");
        }
    }
}

/// <summary>Calls of one kind in some time.</summary>
/// <param name="Sent">Sent.</param>
/// <param name="Answered">Answered in time; of STORE, with true.</param>
/// <param name="WithValue">Of these, with a value.</param>
/// <param name="Arrived">Answers that came in that time, in time for their calls.</param>
/// <param name="Soon">Answered within <see cref="SecondCounts.Soon"/>; of STORE, with true.</param>
/// <param name="SoonWithValue">Of these, with a value.</param>
/// <param name="Known">FIND_VALUEs of keys that the same edge had answered with a value in the last minute.</param>
/// <param name="KnownSoon">Of these, answered soon with a value.</param>
public readonly record struct CallCounts(
    int Sent, int Answered, int WithValue, int Arrived, int Soon, int SoonWithValue, int Known, int KnownSoon)
{
    /// <summary>The share answered, from 0 to 1; 1 where nothing was sent.</summary>
    public double Share => ShareOf(Answered, Sent);

    public double SoonShare => ShareOf(Soon, Sent);

    public double KnownShare => ShareOf(KnownSoon, Known);

    public static CallCounts operator +(CallCounts left, CallCounts right) => new(
        left.Sent + right.Sent,
        left.Answered + right.Answered,
        left.WithValue + right.WithValue,
        left.Arrived + right.Arrived,
        left.Soon + right.Soon,
        left.SoonWithValue + right.SoonWithValue,
        left.Known + right.Known,
        left.KnownSoon + right.KnownSoon);

    private static double ShareOf(int part, int all) => all == 0 ? 1 : (double)part / all;
}
