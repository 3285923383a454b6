using System.Globalization;

namespace KadOrleans.Lab;

/// <summary>How many calls of each kind were sent in each second, and how many of these were answered in time, however much later.</summary>
internal sealed class SecondCounts
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

    public void Send(int second, CallKind kind) => Change(second, kind, counts => counts with { Sent = counts.Sent + 1 });

    public void Answer(int second, CallKind kind, bool hasValue) => Change(second, kind, counts => counts with
    {
        Answered = counts.Answered + 1,
        WithValue = counts.WithValue + (hasValue ? 1 : 0),
    });

    public void AnswerSoon(int second, CallKind kind, bool hasValue) => Change(second, kind, counts => counts with
    {
        Soon = counts.Soon + 1,
        SoonWithValue = counts.SoonWithValue + (hasValue ? 1 : 0),
    });

    /// <summary>A FIND_VALUE was sent for a key that the same edge answered with a value in the last minute.</summary>
    public void SendKnown(int second) => Change(second, CallKind.FindValue, counts => counts with { Known = counts.Known + 1 });

    public void AnswerKnown(int second) => Change(second, CallKind.FindValue, counts => counts with { KnownSoon = counts.KnownSoon + 1 });

    public void Arrive(int second, CallKind kind) => Change(second, kind, counts => counts with { Arrived = counts.Arrived + 1 });

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
    /// <summary>Answered within <see cref="SecondCounts.Soon"/>; of STORE, with true.</summary>
    public int Soon { get; init; }

    public int SoonWithValue { get; init; }

    /// <summary>FIND_VALUEs of keys that the same edge had answered with a value in the last minute.</summary>
    public int Known { get; init; }

    public int KnownSoon { get; init; }

    /// <summary>The share answered, from 0 to 1; 1 where nothing was sent.</summary>
    public double Share => ShareOf(Answered, Sent);

    public double SoonShare => ShareOf(Soon, Sent);

    /// <summary>The share of the known keys that was answered soon with a value.</summary>
    public double KnownShare => ShareOf(KnownSoon, Known);

    public static CallCounts operator +(CallCounts left, CallCounts right) =>
        new(left.Sent + right.Sent, left.Answered + right.Answered, left.WithValue + right.WithValue, left.Arrived + right.Arrived)
        {
            Soon = left.Soon + right.Soon,
            SoonWithValue = left.SoonWithValue + right.SoonWithValue,
            Known = left.Known + right.Known,
            KnownSoon = left.KnownSoon + right.KnownSoon,
        };

    private static double ShareOf(int part, int all) => all == 0 ? 1 : (double)part / all;
}

/// <summary>A curve's numbers as CSV.</summary>
internal static class CurveFiles
{
    /// <summary>Writes a line for each second and kind.</summary>
    public static async Task WriteCsvAsync(string file, SecondCounts counts)
    {
        await using var output = new StreamWriter(file);
        await output.WriteLineAsync("second,kind,sent,answered,answered with value,soon,soon with value,known,known soon");
        for (var second = 0; second < counts.Seconds; second++)
        {
            foreach (var kind in CallKinds.All)
            {
                var of = counts.Of(second, kind);
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{second},{CallKinds.NameOf(kind)},{of.Sent},{of.Answered},{of.WithValue},{of.Soon},{of.SoonWithValue},{of.Known},{of.KnownSoon}"));
            }
        }
    }
}
